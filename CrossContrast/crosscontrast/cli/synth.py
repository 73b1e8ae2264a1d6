"""``crosscontrast synth``: image-to-image translation and what it helps."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosscontrast.cli.console import Console, series_option, user_command
from crosscontrast.cli.synth_ablation import ablation
from crosscontrast.cli.synth_benchmark import benchmark
from crosscontrast.cli.synth_phantom import phantom
from crosscontrast.cli.synth_segment import cleanse, segment, segment_train
from crosscontrast.cli.synth_train import train

if TYPE_CHECKING:
    from crosscontrast.progress import Progress
    from crosscontrast.synthesis.jobs import TranslateImageResult

_PATH = click.Path(path_type=Path)


@click.group(epilog="Example: crosscontrast synth phantom --kind prostate --subjects 16 --out phantoms")
def synth() -> None:
    """Translate images into another contrast or modality, measure it, and segment with its help."""


@synth.command(epilog="Example: crosscontrast synth translate sub-*_us.nii.gz --model runs/us-t2w --out translated")
@click.argument("images", nargs=-1, required=True, type=_PATH)
@click.option("--model", "models", required=True, multiple=True, help="Model, or folder of a training; several: mean.")
@click.option("--out", required=True, type=_PATH, help="Folder for the results.")
@series_option
@click.option("--uncertainty", is_flag=True, help="Write how much repeated answers, or several models, differ.")
@click.option("--samples", default=8, show_default=True, type=click.IntRange(min=2), help="Repeats with dropout.")
@click.option(
    "--axis",
    default="model",
    show_default=True,
    type=click.Choice(["model", "0", "1", "2", "average"]),
    help="Array axis that a 2D network slides along, or the average of all three.",
)
@click.option("--output", default="", help="The one to make, of a model with several outputs.  [default: all]")
@click.option("--isotropic", type=click.FloatRange(0.3, 5), help="Write cubes of so many mm, not the image's own grid.")
@click.option("--overwrite", is_flag=True, help="Replace results even if they were changed by hand.")
@click.option("--gate/--no-gate", default=True, show_default=True, help="Let the quality gate judge each translation.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Images at the same time.")
@click.option("--scheduler", help="Address of a running Dask scheduler, for a cluster (tcp://host:8786).")
@user_command
def translate(
    console: Console,
    images: tuple[Path, ...],
    models: tuple[str, ...],
    out: Path,
    series: tuple[str, ...],
    uncertainty: bool,
    samples: int,
    axis: str,
    output: str,
    isotropic: float | None,
    gate: bool,
    device: str,
    workers: int,
    scheduler: str | None,
    overwrite: bool,
) -> None:
    """Translate IMAGES (files, DICOM folders, or folders of images) into the model's contrast or modality.

    Results are float32 on each image's own grid, or with --isotropic on cubes, which makes thick slices thin where the
    model knows how; their header says that they are synthetic. With --uncertainty there is a map of standard deviations
    and, where the model has a way back, one of the cycle error. A translated image can show what was never there: the
    quality gate says go, caution or stop for each, with the reasons; with a stop the exit code is 3.
    """
    from crosscontrast.cli.running import run_batch
    from crosscontrast.ground.device import check_device_name
    from crosscontrast.ground.inputs import find_images
    from crosscontrast.models.find import find_model
    from crosscontrast.synthesis.jobs import TranslateImage

    check_device_name(device)
    named = [find_model(model, "translation").request for model in models]
    found = find_images(images, series=series, tell=console.remark)
    jobs = [
        TranslateImage(
            image=image.absolute(),
            out=out.absolute(),
            model=named[0],
            more_models=tuple(named[1:]),
            device=device,
            axis=axis,
            uncertainty=uncertainty,
            samples=samples,
            output=output,
            isotropic=isotropic,
            gate=gate,
            overwrite=overwrite,
        )
        for image in found
    ]
    run_batch(
        console,
        jobs,
        found,
        out,
        label="translating",
        tell=lambda image, result: _tell(console, image, result),
        workers=workers,
        scheduler=scheduler,
    )


def _tell(console: Console, image: Path, result: "TranslateImageResult") -> None:
    console.say(f"{image.name}:")
    for path in (*result.images, *result.uncertainty, *([result.cycle] if result.cycle else [])):
        console.say(f"  {path}")
    if result.verdict:
        console.say(f"  quality gate: {result.verdict.decision}")
        for line in result.verdict.lines():
            console.say(f"    {line}")
        if result.verdict.decision == "stop":
            console.end_with_stop()


@synth.command(epilog="Example: crosscontrast synth features sub-001_us.nii.gz --model runs/us-t2w --out features")
@click.argument("image", type=_PATH)
@click.option("--model", "models", required=True, multiple=True, help="Model, or folder of a training; two: compared.")
@click.option("--layer", default="", help="Name of a convolution; --list shows them. Default: the first.")
@click.option("--list", "list_layers", is_flag=True, help="List the layers of the model and their numbers of maps.")
@click.option("--out", required=True, type=_PATH, help="Folder for maps and picture.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@user_command
def features(
    console: Console, image: Path, models: tuple[str, ...], layer: str, list_layers: bool, out: Path, device: str
) -> None:
    """Show what a layer of a translator sees in IMAGE, as volumes and as a picture.

    With two models, of two checkpoints or two losses, the picture also shows where they differ.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.synthesis.jobs import ShowFeatureMaps

    if list_layers:
        from crosscontrast.models.find import find_model
        from crosscontrast.synthesis.feature_maps import layers

        known = layers(find_model(models[0], "translation"))
        for name, count in known.items():
            console.say(f"{name}: {count}")
        console.result(known)
        return
    job = ShowFeatureMaps(image=image, out=out, models=models, layer=layer, device=device)
    result = run_job(console, job.run, "looking")
    console.say(f"{result.layer}: {result.picture}")


@synth.command(
    epilog="Example: crosscontrast synth fill --cohort cohort.tsv --source T2w --target T1w --model t2-t1 --out filled"
)
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV) in which some subjects lack a contrast.")
@click.option("--source", required=True, help="Role of the images to translate.")
@click.option("--target", required=True, help="Role that is missing for some.")
@click.option("--model", required=True, help="Model, or folder of a training.")
@click.option("--out", required=True, type=_PATH, help="Folder for translations and the new table.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@user_command
def fill(console: Console, cohort: Path, source: str, target: str, model: str, out: Path, device: str) -> None:
    """Fill a cohort's missing contrasts with translations.

    The new table holds all rows of the old one and the translations, told apart by the column 'synthetic'; the column
    'gate' has what the quality gate says of them. Segment the translations before averaging masks over contrasts with
    'cord soft-gt'.
    """
    from crosscontrast.models.find import find_model
    from crosscontrast.synthesis.fill import fill_cohort
    from crosscontrast.synthesis.jobs import TranslateImage

    output = target if len(find_model(model, "translation").outputs) > 1 else ""

    def translate_one(image: Path, folder: Path, progress: "Progress") -> tuple[Path, str]:
        result = TranslateImage(image=image, out=folder, model=model, device=device, output=output).run(progress)
        console.warn(result.warnings)
        return result.images[0], result.verdict.decision if result.verdict else ""

    with console.progress("translating") as progress:
        table, count = fill_cohort(cohort, source, target, out, translate_one, progress)
    console.say(f"{count} images of {target} filled: {table}")
    console.result({"cohort": str(table), "filled": count})


synth.add_command(phantom)
synth.add_command(train)
synth.add_command(benchmark)
synth.add_command(ablation)
synth.add_command(segment_train)
synth.add_command(segment)
synth.add_command(cleanse)
