"""``crosscontrast cord csa``."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.cord.outputs import NAMES_BY, NameBy, places_of

if TYPE_CHECKING:
    from crosscontrast.cord.csa.jobs import CsaSummary

_PATH = click.Path(path_type=Path)


@click.command(
    epilog="Example: crosscontrast cord csa sub-01_T2w_softseg.nii.gz --out csa --discs sub-01_discs.nii.gz --aggregate"
)
@click.argument("segs", metavar="SEG...", nargs=-1, required=True, type=_PATH)
@click.option("--out", required=True, type=_PATH, help="Folder for the results.")
@click.option("--levels", type=_PATH, help="Label map of the vertebral levels (2 is C2, 8 is T1), or of TotalSpineSeg.")
@click.option(
    "--discs",
    type=_PATH,
    help="Points at the discs: a label map, a TSV or CSV with disc, x, y, z (RAS, mm), or Slicer's .mrk.json or .fcsv "
    "with points called 3 or C2/C3. 50 is the pontomedullary junction, from which distances are taken then.",
)
@click.option(
    "--threshold",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Soft value from which pixels form an object.",
)
@click.option(
    "--name-by",
    type=click.Choice(NAMES_BY),
    default="file",
    show_default=True,
    help="Put the folder's or the subject's name before the file's, where files of two patients are called alike.",
)
@click.option("--overwrite", is_flag=True, help="Replace results even if they are of another segmentation.")
@click.option("--perslice/--aggregate", default=True, help="A line per slice (default), or per level or image.")
@user_command
def csa(
    console: Console,
    segs: tuple[Path, ...],
    out: Path,
    levels: Path | None,
    discs: Path | None,
    threshold: float,
    name_by: NameBy,
    overwrite: bool,
    perslice: bool,
) -> None:
    """Measure the cross-sectional area of the cord in soft segmentations or binary masks.

    For each SEG (a file, or a folder of them) three files appear in the output folder: <name>_csa.csv with the columns
    of SCT and our own behind them, <name>_csa.png and <name>_csa.json. MEAN(area) is the area as SCT computes it,
    MEAN(true soft area) is what the soft values add up to. A segmentation that cannot be used is named with the
    reason, the others are done, and the exit code is 2.
    """
    from crosscontrast.cli.running import run_batch
    from crosscontrast.cord.csa.jobs import MeasureCsa, read_level_files
    from crosscontrast.ground.inputs import find_images

    # All that would fail for every segmentation is checked before the first one.
    read_level_files(levels, discs)
    found = find_images(segs, unique=False, results=True)
    per: Literal["slice", "aggregate"] = "slice" if perslice else "aggregate"
    jobs = [
        MeasureCsa(
            seg=seg,
            out=place.parent,
            stem=place.name,
            levels=levels,
            discs=discs,
            threshold=threshold,
            per=per,
            overwrite=overwrite,
        )
        for seg, place in zip(found, places_of(found, out, name_by), strict=True)
    ]
    run_batch(console, jobs, found, out, label="measuring", tell=lambda seg, result: _tell(console, seg, result))


def _tell(console: Console, seg: Path, result: "CsaSummary") -> None:
    areas = {"true soft": result.mean_area_true, "SCT-compatible": result.mean_area_sct}
    known = ", ".join(f"{area:.1f} mm² {name}" for name, area in areas.items() if area is not None)
    console.say(f"{seg.name}: {f'mean area {known}' if known else 'no cord'}")
    for label, path in (("table:", result.table), ("plot:", result.plot)):
        console.say(f"  {label:7} {path}")
