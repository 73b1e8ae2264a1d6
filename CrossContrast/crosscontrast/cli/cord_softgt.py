"""``crosscontrast cord soft-gt``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.errors import BadInputError

if TYPE_CHECKING:
    from crosscontrast.cord.softgt.jobs import MakeSoftGroundTruth, SoftGroundTruthResult

_PATH = click.Path(path_type=Path)


@click.command(
    name="soft-gt",
    epilog="Example: crosscontrast cord soft-gt --image T1w=sub-01_T1w.nii.gz --mask T1w=sub-01_T1w_seg.nii.gz "
    "--image T2w=sub-01_T2w.nii.gz --mask T2w=sub-01_T2w_seg.nii.gz --out labels_softseg",
)
@click.option("--mask", "masks", multiple=True, metavar="CONTRAST=FILE", help="Mask of the cord in a contrast.")
@click.option("--image", "images", multiple=True, metavar="CONTRAST=FILE", help="Image of a contrast (optional).")
@click.option("--cohort", type=_PATH, help="Table of many subjects (TSV: subject, session, role, image, mask).")
@click.option("--out", required=True, type=_PATH, help="Folder for the results; subjects of a cohort get one each.")
@click.option("--reference", metavar="CONTRAST", help="Register to this one (default: T2w, else the finest).")
@click.option("--keep-all", is_flag=True, help="Keep contrasts beyond the limits and only name them.")
@click.option("--drop-ends", is_flag=True, help="No soft mask where only end slices of masks reach, as in the paper.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Subjects at the same time.")
@click.option("--scheduler", help="Address of a running Dask scheduler, for a cluster (tcp://host:8786).")
@click.option("--overwrite", is_flag=True, help="Replace results even if they were changed by hand.")
@user_command
def soft_gt(
    console: Console,
    masks: tuple[str, ...],
    images: tuple[str, ...],
    cohort: Path | None,
    out: Path,
    workers: int,
    scheduler: str | None,
    **choices: Any,
) -> None:
    """Make one soft mask of the cord out of the masks of several contrasts of a subject.

    The contrasts are registered (by their masks, then by their images where both have one), their masks are averaged
    where they cover the cord, and the mean is carried back onto every contrast's own grid. For each contrast appear
    <name>_label-SC_softseg.nii.gz (float32, 0 to 1), <name>_desc-softseg_label-SC_seg.nii.gz and a JSON record, for
    the subject <subject>_softgt.html, a report with pictures and numbers, and <subject>_softgt.json.

    A contrast that does not agree with the others is left out, and said so here and in the report. Two that disagree
    are an error, because nobody can tell which is wrong.
    """
    from crosscontrast.cli.batch import run_batch

    if bool(cohort) == bool(masks or images):
        raise BadInputError("Give either the contrasts of one subject with --mask, or --cohort.")
    jobs = _cohort_jobs(console, cohort, out, choices) if cohort else [_subject_job(masks, images, out, choices)]
    names = [Path(job.subject) for job in jobs]
    run_batch(
        console,
        jobs,
        names,
        out,
        label="averaging",
        tell=lambda _, result: _tell(console, result),
        workers=workers,
        scheduler=scheduler,
        noun="subject",
    )


def _subject_job(
    masks: Sequence[str], images: Sequence[str], out: Path, choices: dict[str, Any]
) -> "MakeSoftGroundTruth":
    from crosscontrast.cord.softgt.files import contrast_stem, subject_name
    from crosscontrast.cord.softgt.jobs import MakeSoftGroundTruth
    from crosscontrast.cord.softgt.records import ContrastInput

    mask_of, image_of = _by_contrast(masks, "--mask"), _by_contrast(images, "--image")
    without = next((role for role in image_of if role not in mask_of), None)
    if without:
        raise BadInputError(f"The contrast {without} has an image but no mask.", f"add --mask {without}=FILE")
    contrasts = [ContrastInput(role=role, mask=mask, image=image_of.get(role)) for role, mask in mask_of.items()]
    name = subject_name([contrast_stem(given.image, given.mask) for given in contrasts])
    return MakeSoftGroundTruth(subject=name, contrasts=contrasts, out=out.resolve(), **choices)


def _by_contrast(words: Sequence[str], option: str) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for word in words:
        role, sign, file = word.partition("=")
        if not (role and sign and file):
            raise BadInputError(
                f"{option} {word} is not written CONTRAST=FILE.", f"like {option} T2w=sub-01_T2w.nii.gz"
            )
        if role in files:
            raise BadInputError(f"{option} is given twice for the contrast {role}.")
        files[role] = Path(file).resolve()
    return files


def _cohort_jobs(console: Console, table: Path, out: Path, choices: dict[str, Any]) -> list["MakeSoftGroundTruth"]:
    """Make a job for every visit of every subject; rows without a mask are named and skipped."""
    from crosscontrast.cord.softgt.jobs import MakeSoftGroundTruth
    from crosscontrast.cord.softgt.records import ContrastInput
    from crosscontrast.ground.cohort import read_cohort

    visits: dict[tuple[str, str], list[ContrastInput]] = {}
    for row in read_cohort(table.resolve()).rows:
        for name in (row.subject, row.session):
            if name in (".", "..") or "/" in name or "\\" in name:
                raise BadInputError(f"{table}: {name!r} cannot name a folder for results.")
        if row.mask is None:
            visit = " ".join(filter(None, (row.subject, row.session, row.role)))
            console.note(f"warning: {visit} has no mask and is skipped")
            continue
        given = ContrastInput(role=row.role, mask=row.mask, image=row.image)
        visits.setdefault((row.subject, row.session), []).append(given)
    if not visits:
        raise BadInputError(f"{table} has no row with a mask.")
    return [
        MakeSoftGroundTruth(
            subject="_".join(filter(None, visit)), contrasts=contrasts, out=out.resolve().joinpath(*visit), **choices
        )
        for visit, contrasts in visits.items()
    ]


def _tell(console: Console, result: "SoftGroundTruthResult") -> None:
    kept = [told for told in result.contrasts if told.kept]
    console.say(
        f"{result.subject}: soft mask of {len(kept)} of {len(result.contrasts)} contrasts, "
        f"registered to {result.reference}"
    )
    for told in result.contrasts:
        if told.after.dice is None:
            numbers = ""
        else:
            numbers = f"Dice {told.after.dice:.3f}, centreline {told.after.centreline_mm:.2f} mm"
        console.say(
            f"  {told.role + ':':9} {numbers or 'alone'} {'' if told.kept else '(left out) '}{told.softseg or ''}"
        )
    console.say(f"  {'report:':9} {result.report}")
