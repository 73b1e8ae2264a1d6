"""``crosscontrast synth segment-train``, ``segment`` and ``cleanse``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from crosscontrast.cli.console import Console, series_option, user_command
from crosscontrast.synthesis.segmentation.config import LossName, Weighting

if TYPE_CHECKING:
    from crosscontrast.models.library import ModelEntry
    from crosscontrast.synthesis.segmentation.jobs import SegmentImageResult

_PATH = click.Path(path_type=Path)
_NETWORKS = click.Choice(["unet", "frrn", "hybrid"])


@click.command(
    "segment-train",
    epilog="Example: crosscontrast synth segment-train --cohort heads/cohort.tsv --input heavyT2 --labels labels"
    " --class vessels=4 --translator runs/t2-mra --out runs/vessels",
)
@click.option("--cohort", type=_PATH, help="Table (TSV) with the split train.")
@click.option("--input", "inputs", multiple=True, help="Role of the images; several are channels.")
@click.option("--labels", help="Role of the label maps.")
@click.option("--class", "classes", multiple=True, help="A class of the label maps, as NAME=VALUE or NAME=1+2.")
@click.option("--translator", "translators", multiple=True, help="Model that makes a further channel of the first.")
@click.option("--network", type=_NETWORKS, help="Skips: horizontal, vertical, or both (default unet).")
@click.option("--dims", type=click.IntRange(2, 3), help="Slices (2) or volumes (3, the default).")
@click.option("--loss", type=click.Choice(get_args(LossName)), help="Cross-entropy (the default) or Dice.")
@click.option("--weighting", type=click.Choice(get_args(Weighting)), help="Of classes or voxels (default none).")
@click.option("--resample", is_flag=True, help="Bring label maps on other grids onto the images', by position.")
@click.option("--steps", type=click.IntRange(min=1), help="How many steps (default 2000).")
@click.option("--config", type=_PATH, help="Settings (JSON) that are not default.")
@click.option("--out", required=True, type=_PATH, help="Folder of the training.")
@click.option("--resume", is_flag=True, help="Continue the training in --out with the settings kept there.")
@click.option("--max-minutes", type=click.FloatRange(min=0), help="Stop after this time; --resume goes on later.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@user_command
def segment_train(
    console: Console,
    out: Path,
    config: Path | None,
    resume: bool,
    max_minutes: float | None,
    device: str,
    classes: tuple[str, ...],
    **options: Any,
) -> None:
    """Train a segmentation from images and, with --translator, from their translations as further channels."""
    from crosscontrast.cli.running import run_job
    from crosscontrast.errors import BadInputError
    from crosscontrast.synthesis.segmentation.config import parse_classes
    from crosscontrast.synthesis.segmentation.jobs import TrainSegmentation

    given = _given(options | {"classes": parse_classes(classes)})
    if resume and (given or config):
        raise BadInputError("--resume keeps the settings of the training.")
    settings = None if resume else _settings(config, given)
    job = TrainSegmentation(out=out, settings=settings, resume=resume, max_minutes=max_minutes, device=device)
    result = run_job(console, job.run, "training")
    for name, value in result.dice.items():
        console.say(f"{name}: Dice {value:.3f} on {result.test_subjects} test subjects")
    console.say(f"{result.step} steps: {result.model}")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was named, the cohort's path absolute."""
    given = {key: value for key, value in options.items() if value not in (None, False, (), {}, "")}
    if "cohort" in given:
        given["cohort"] = given["cohort"].absolute()
    return given


def _settings(config: Path | None, given: dict[str, Any]) -> Any:
    from crosscontrast.errors import BadInputError
    from crosscontrast.synthesis.segmentation.config import SegmentationConfig
    from crosscontrast.training.settings import make_config, read_config

    if config:
        return read_config(config, SegmentationConfig, given)
    wanted = {"cohort": "--cohort", "inputs": "--input", "labels": "--labels", "classes": "--class"}
    missing = [option for key, option in wanted.items() if key not in given]
    if missing:
        raise BadInputError(f"A training needs {', '.join(missing)}.", "or --config, or --resume")
    return make_config(SegmentationConfig, given)


@click.command(epilog="Example: crosscontrast synth segment sub-*_heavyT2.nii.gz --model runs/vessels --out segmented")
@click.argument("images", nargs=-1, type=_PATH)
@click.option("--model", required=True, help="Segmentation model, its folder, or that of a training.")
@click.option(
    "--input", "inputs", multiple=True, metavar="NAME=FILE", help="Image of a model's further input; of one subject."
)
@click.option("--translator", "translators", multiple=True, help="Other translators than the model names, in order.")
@series_option
@click.option("--localise", default="", help="Class that a first pass finds and a second one segments around.")
@click.option("--margin", default=16.0, show_default=True, type=click.FloatRange(min=0), help="Around it, in mm.")
@click.option("--out", required=True, type=_PATH, help="Folder for the results.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Images at the same time.")
@click.option("--overwrite", is_flag=True, help="Replace results even if they were changed by hand.")
@user_command
def segment(
    console: Console,
    images: tuple[Path, ...],
    model: str,
    inputs: tuple[str, ...],
    translators: tuple[str, ...],
    series: tuple[str, ...],
    localise: str,
    margin: float,
    out: Path,
    device: str,
    workers: int,
    overwrite: bool,
) -> None:
    """Segment IMAGES from their own contrast and from what the translators make of it.

    A model that was trained with translators applies them by itself. Where it has several inputs, the images of one
    subject are named by them: --input t2w=a.nii.gz --input us=b.nii.gz.

    Each image gets a soft map per class (float32), a label map, its synthetic channels and a sidecar, on its own grid.
    """
    from crosscontrast.cli.running import run_batch
    from crosscontrast.ground.device import check_device_name
    from crosscontrast.ground.inputs import find_images
    from crosscontrast.models.find import find_model
    from crosscontrast.synthesis.models import translators_of
    from crosscontrast.synthesis.segmentation.jobs import SegmentImage

    check_device_name(device)
    entry = find_model(model, "segmentation")
    translators_of(entry, translators)  # all that would fail for every image is found before the first one
    subjects = _subjects(entry, find_images(images, series=series, tell=console.remark), inputs)
    jobs = [
        SegmentImage(
            image=first.absolute(),
            more_images=tuple(path.absolute() for path in further),
            out=out.absolute(),
            model=entry.request,
            translators=tuple(find_model(translator, "translation").request for translator in translators),
            localise=localise,
            margin=margin,
            device=device,
            overwrite=overwrite,
        )
        for first, *further in subjects
    ]

    def tell(image: Path, result: "SegmentImageResult") -> None:
        console.say(f"{image.name}: {result.labels}")

    run_batch(console, jobs, [first for first, *_ in subjects], out, label="segmenting", tell=tell, workers=workers)


def _subjects(entry: "ModelEntry", images: list[Path], inputs: tuple[str, ...]) -> list[list[Path]]:
    """Return each subject's images in the model's order; raises :class:`BadInputError`."""
    from crosscontrast.errors import BadInputError
    from crosscontrast.synthesis.models import in_order

    named: dict[str, Path] = {}
    for text in inputs:
        name, _, file = text.partition("=")
        if not (name and file) or name in named:
            wrong = "is given twice" if name in named else "does not name an image"
            raise BadInputError(f"--input {text} {wrong}.", "write --input NAME=FILE, once for each input")
        named[name] = Path(file)
    if inputs and len(images) > 1:
        raise BadInputError(
            f"--input is of one subject, and {len(images)} images are given.", "segment them one by one"
        )
    if not images and not inputs:
        raise BadInputError("No image is given.", "name images, or --input NAME=FILE")
    firsts: list[Path | None] = [*images] or [None]
    return [in_order(entry, first, named) for first in firsts]


@click.command(
    epilog="Example: crosscontrast synth cleanse --cohort heads/cohort.tsv --input heavyT2 --labels labels"
    " --class vessels=4 --labelling sparse --out cleansed"
)
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV) of images and label maps.")
@click.option("--input", "inputs", required=True, multiple=True, help="Role of the images; several are channels.")
@click.option("--labels", required=True, help="Role of the label maps.")
@click.option("--class", "classes", required=True, multiple=True, help="A class, as NAME=VALUE or NAME=1+2.")
@click.option(
    "--labelling",
    required=True,
    type=click.Choice(["sparse", "noisy"]),
    help="sparse: only the slices that have labels are labelled; noisy: all are, with mistakes.",
)
@click.option("--network", type=_NETWORKS, help="Skips: horizontal, vertical, or both (default unet).")
@click.option("--resample", is_flag=True, help="Bring label maps on other grids onto the images', by position.")
@click.option("--steps", type=click.IntRange(min=1), help="How many steps (default 2000).")
@click.option("--out", required=True, type=_PATH, help="Folder for the proposals.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@user_command
def cleanse(console: Console, classes: tuple[str, ...], labelling: str, out: Path, device: str, **options: Any) -> None:
    """Rebuild whole, smooth label maps from sparse or noisy ones, as proposals with a confidence.

    The given label maps are never changed. Labels are taken slice by slice along the axis from bottom to top.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.synthesis.segmentation.config import CLEANSING, parse_classes
    from crosscontrast.synthesis.segmentation.jobs import CleanseLabels

    given = _given(options | {"classes": parse_classes(classes)}) | CLEANSING
    job = CleanseLabels(settings=_settings(None, given), labelling=labelling, out=out.absolute(), device=device)
    result = run_job(console, job.run, "cleansing")
    console.say(f"{len(result.proposals)} proposals: {result.table}")
