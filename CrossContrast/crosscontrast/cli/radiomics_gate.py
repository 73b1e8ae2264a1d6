"""``crosscontrast radiomics gate`` and ``radiomics gate-profile``."""

from pathlib import Path
from typing import Any

import click

from crosscontrast.cli.console import Console, user_command

_PATH = click.Path(path_type=Path)


@click.command(epilog="Example: crosscontrast radiomics gate us.nii.gz --model us2mri --translated mri.nii.gz")
@click.argument("image", type=_PATH)
@click.option("--model", help="Model, or folder of one or of a training, whose training images are the yardstick.")
@click.option("--profile", type=_PATH, help="File of a profile, instead of a model.")
@click.option("--translated", multiple=True, type=_PATH, help="Image made of the input; repeat for an ensemble.")
@click.option("--spread", type=_PATH, help="Map of uncertainty that came with the translated image.")
@click.option("--mask", type=_PATH, help="Region of interest on the image's grid.")
@click.option("--segmentations", nargs=2, type=_PATH, help="Segmentation of the input and of the translated image.")
@click.option("--compared", type=_PATH, help="Folder of `radiomics compare`, for the features that may be trusted.")
@click.option("--role", help="Role of the translated images there, where it has several.")
@click.option("--out", type=_PATH, help="JSON file to keep the verdict in.")
@user_command
def gate(
    console: Console,
    image: Path,
    model: str | None,
    profile: Path | None,
    translated: tuple[Path, ...],
    spread: Path | None,
    mask: Path | None,
    segmentations: tuple[Path, Path] | None,
    compared: Path | None,
    role: str | None,
    out: Path | None,
) -> None:
    """Say go, caution or stop before a translated image is used, with the reasons.

    Checks: voxel size and field of view, intensity range and appearance against the training images; the translated
    image's range against the training targets; spread over an ensemble; agreement of segmentations; features that a
    comparison called preserved. Checks without material are named. The exit code is 3 for stop.
    """
    from crosscontrast.errors import BadInputError
    from crosscontrast.radiomics.gate.jobs import GateImage
    from crosscontrast.radiomics.gate.profiles import Profiles, find_profiles

    if model and profile:
        raise BadInputError("Give a model or a profile, not both.")
    profiles = find_profiles(model) if model else Profiles(profile)
    tables: dict[str, Any] = _tables(compared) if compared else {}
    job = GateImage(
        image=image,
        model=model,
        profile=profiles.inputs,
        target_profile=profiles.targets,
        translated=translated,
        spread=spread,
        mask=mask,
        segmentations=segmentations or None,
        role=role,
        out=out,
        **tables,
    )
    with console.progress("gate") as progress:
        result = job.run(progress)
    console.warn(result.warnings)
    verdict = result.verdict
    console.result(verdict.model_dump(mode="json"))
    console.say(verdict.decision)
    for line in verdict.lines():
        console.say(f"  {line}")
    if verdict.decision == "stop":
        console.end_with_stop()


def _tables(folder: Path) -> dict[str, Any]:
    """Return what a comparison left in its folder, as the job's parameters."""
    from crosscontrast.errors import BadInputError
    from crosscontrast.ground.provenance import Provenance

    summary = Provenance.read(folder / "preservation.json")
    if summary is None:
        raise BadInputError(f"{folder} is not a folder of `radiomics compare`: it has no preservation.json.")
    return {
        "preservation": folder / "preservation.tsv",
        "features": folder / "features.tsv",
        "reference": summary.parameters["reference"],
        "extraction": summary.parameters["extraction"],
    }


@click.command(
    "gate-profile", epilog="Example: crosscontrast radiomics gate-profile --cohort c.tsv --role us --model us2mri"
)
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV) of the training images.")
@click.option("--role", required=True, help="Role of the model's input images.")
@click.option("--model", help="Model that the profile belongs to, or its folder.")
@click.option("--out", type=_PATH, help="File for the profile, instead of a model.")
@user_command
def gate_profile(console: Console, cohort: Path, role: str, model: str | None, out: Path | None) -> None:
    """Describe a model's training images, as the yardstick of the gate."""
    from crosscontrast.cli.running import run_job
    from crosscontrast.errors import BadInputError
    from crosscontrast.radiomics.gate.jobs import ProfileTraining
    from crosscontrast.radiomics.gate.profiles import profile_path

    if (model is None) == (out is None):
        raise BadInputError("Give a model or a file for the profile, one of them.")
    path = profile_path(model) if model else out
    assert path is not None
    result = run_job(console, ProfileTraining(cohort=cohort, role=role, out=path).run, "describing")
    console.say(f"{result.images} training images described: {result.profile}")
