"""``crosscontrast cord``: the spinal cord."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosscontrast.cli.console import Console, series_option, user_command
from crosscontrast.cli.cord_ablation import ablation
from crosscontrast.cli.cord_csa import csa
from crosscontrast.cli.cord_evaluate import evaluate
from crosscontrast.cli.cord_retrain import retrain
from crosscontrast.cli.cord_softgt import soft_gt
from crosscontrast.cli.cord_train import package, package_translator, train, train_translator
from crosscontrast.cord.outputs import NAMES_BY, NameBy, places_of

if TYPE_CHECKING:
    from crosscontrast.cord.jobs import SegmentCordResult


@click.group(epilog="Example: crosscontrast cord segment sub-01_T2w.nii.gz --out results")
def cord() -> None:
    """Segment and measure the spinal cord, whatever the contrast."""


@cord.command(epilog="Example: crosscontrast cord segment sub-*_T2w.nii.gz dicom_folder --out results --workers 2")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
@click.option(
    "--model",
    default="softcord",
    show_default=True,
    help="Model (see 'models list'), or its folder.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option(
    "--threshold",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Soft value from which a voxel belongs to the binary mask.",
)
@series_option
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Images at the same time.")
@click.option("--scheduler", help="Address of a running Dask scheduler, for a cluster (tcp://host:8786).")
@click.option("--mirror", is_flag=True, help="Average with the mirror image: slower, slightly steadier.")
@click.option(
    "--uncertainty",
    is_flag=True,
    help="Also segment mirrored, brighter and darker versions and write how much they differ: six times as long.",
)
@click.option(
    "--at",
    multiple=True,
    metavar="X,Y,Z|FILE",
    help="A point in the cord (mm, RAS), or points from Slicer (.mrk.json, .fcsv): the cord is followed from there and "
    "nothing else is taken for it. May be repeated.",
)
@click.option(
    "--end",
    "ends",
    multiple=True,
    metavar="X,Y,Z|FILE",
    help="A point, or points as for --at, in the slice in which the cord ends: beyond it nothing is cord. May be "
    "repeated.",
)
@click.option(
    "--name-by",
    type=click.Choice(NAMES_BY),
    default="file",
    show_default=True,
    help="Put the folder's or the subject's name before the file's, where files of two patients are called alike.",
)
@click.option(
    "--overwrite", is_flag=True, help="Replace results even if they were changed by hand or are of another image."
)
@user_command
def segment(
    console: Console,
    images: tuple[Path, ...],
    out: Path,
    model: str,
    device: str,
    threshold: float,
    series: tuple[str, ...],
    workers: int,
    scheduler: str | None,
    mirror: bool,
    uncertainty: bool,
    at: tuple[str, ...],
    ends: tuple[str, ...],
    name_by: NameBy,
    overwrite: bool,
) -> None:
    """Segment the cord softly in IMAGES (files, DICOM folders and studies, or folders of images).

    For each image five files appear in the output folder, on the image's own grid: <name>_softseg.nii.gz (float32, 0 to
    1), <name>_seg.nii.gz, <name>_csa.csv, <name>_overlay.png and <name>_softseg.json. With --uncertainty there is also
    <name>_uncertainty.nii.gz, the standard deviation of each voxel, and the table holds that of each area. An image
    that cannot be used is named with the reason, the others are done, and the exit code is 2. Images in folders of BIDS
    keep these folders below the output folder.

    Of a DICOM study, a folder with several series, each MR series that is a volume is segmented, and what is left out
    is named with the reason.
    """
    from crosscontrast.cli.running import run_batch
    from crosscontrast.cord.jobs import SegmentCord
    from crosscontrast.cord.points import read_points
    from crosscontrast.ground.device import check_device_name
    from crosscontrast.ground.inputs import find_images
    from crosscontrast.models.find import find_model

    # All that would fail for every image is checked before the first one.
    check_device_name(device)
    entry = find_model(model, "segmentation")
    points, limits = read_points(at), read_points(ends)
    found = find_images(images, series=series, modality="MR", unique=False, tell=console.remark)
    jobs = [
        SegmentCord(
            image=image.absolute(),
            out=place.parent,
            stem=place.name,
            model=entry.request,
            device=device,
            threshold=threshold,
            mirror=mirror,
            uncertainty=uncertainty,
            at=points,
            ends=limits,
            overwrite=overwrite,
        )
        for image, place in zip(found, places_of(found, out.absolute(), name_by), strict=True)
    ]
    run_batch(
        console,
        jobs,
        found,
        out,
        label="segmenting",
        tell=lambda image, result: _tell(console, image, result),
        workers=workers,
        scheduler=scheduler,
    )


@cord.command(epilog="Example: crosscontrast cord phantom --out phantom")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the images.")
@click.option("--seed", default=2023, show_default=True, help="Draws the noise.")
@user_command
def phantom(console: Console, out: Path, seed: int) -> None:
    """Make a cord phantom in several contrasts, with its true soft segmentation in the folder truth."""
    from crosscontrast.cord.phantom import CordPhantom, write_cord_phantom

    with console.progress("drawing") as progress:
        images, truth = write_cord_phantom(out, seed=seed, progress=progress)
    body = CordPhantom(seed=seed)
    console.result({"images": images, "truth": truth, "area_mm2": body.area()})
    console.say(f"Phantom with a cord of {body.area():.1f} mm² in {', '.join(images)}: {out}")


def _tell(console: Console, image: Path, result: "SegmentCordResult") -> None:
    area = "no cord" if result.mean_csa_mm2 is None else f"mean area {result.mean_csa_mm2:.1f} mm²"
    console.say(f"{image.name}: {area}, volume {result.volume_mm3 / 1000:.2f} mL")
    for name in ("softseg", "seg", "csa", "overlay"):
        console.say(f"  {name + ':':9} {getattr(result, name)}")


cord.add_command(ablation)
cord.add_command(csa)
cord.add_command(soft_gt)
cord.add_command(evaluate)
cord.add_command(train)
cord.add_command(train_translator)
cord.add_command(package_translator)
cord.add_command(package)
cord.add_command(retrain)
