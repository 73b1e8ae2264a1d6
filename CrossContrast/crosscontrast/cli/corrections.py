"""``crosscontrast corrections``: datasets of masks corrected by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crosscontrast.cli.console import Console, series_option, user_command
from crosscontrast.cli.corrections_check import check
from crosscontrast.cli.corrections_edit import exclude, freeze, include, rename, save
from crosscontrast.cli.corrections_work import export, predict, worklist
from crosscontrast.cli.datasets import open_dataset

if TYPE_CHECKING:
    from crosscontrast.corrections.records import Case, Revision

DATASET = click.argument("dataset", type=click.Path(path_type=Path))


@click.group(epilog="Example: crosscontrast corrections list my-dataset")
def corrections() -> None:
    """Keep, order and export masks that were corrected by hand."""


@corrections.command(epilog="Example: crosscontrast corrections init my-dataset --name 'Cords of our clinic'")
@DATASET
@click.option("--name", default="", help="Title of the dataset.  [default: the folder's name]")
@click.option("--label", default="SC", show_default=True, help="What is segmented, as in label-SC of the masks' names.")
@click.option("--author", "authors", multiple=True, help="An author of the dataset; who corrects becomes one by it.")
@user_command
def init(console: Console, dataset: Path, name: str, label: str, authors: tuple[str, ...]) -> None:
    """Make the folder DATASET, empty or a BIDS dataset, a correction dataset."""
    from crosscontrast.corrections.dataset import CorrectionDataset

    made = CorrectionDataset.create(dataset, name=name, label=label, authors=authors)
    console.result({"dataset": str(made.folder), "label": label})
    console.say(f"Made {made.folder}; add images with: crosscontrast corrections add {dataset} IMAGE")


@corrections.command(epilog="Example: crosscontrast corrections add my-dataset sub-01_T2w.nii.gz dicom_folder")
@DATASET
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--subject", default="", help="Label of the subject.  [default: from the file's name]")
@click.option("--session", default="", help="Label of the session.  [default: from the file's name, or none]")
@click.option("--contrast", default="", help="T2w, mt0, mt-on_MTR, ...  [default: from the file's name]")
@series_option
@click.option("--author", default="", help="Who adds them.")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="Also write a table of which PatientID each subject from DICOM is; keep it apart from the dataset.",
)
@user_command
def add(
    console: Console,
    dataset: Path,
    images: tuple[Path, ...],
    subject: str,
    session: str,
    contrast: str,
    series: tuple[str, ...],
    author: str,
    key: Path | None,
) -> None:
    """Copy IMAGES (files, DICOM folders, or folders of images) into a dataset, named as BIDS wants it.

    The subject is the file's name without its contrast: pat01 for pat01_T1w.nii.gz and pat01_T2w.nii.gz. For DICOM it
    is a pseudonym of the PatientID, the same one always.

    An image that cannot be used is named with the reason, the others are added, and the exit code is 2.
    """
    from crosscontrast.corrections.subjects import patient_of, write_key
    from crosscontrast.errors import BadInputError, CrossContrastError
    from crosscontrast.ground.case import our_warnings
    from crosscontrast.ground.inputs import find_images

    opened, added, failed = open_dataset(console, dataset), [], 0
    found = find_images(images, series=series, tell=console.remark)
    for image in found:
        try:
            with our_warnings() as said:
                case = opened.add(image, subject=subject, session=session, contrast=contrast, author=author)
            console.warn(said, image)
        except CrossContrastError as error:
            failed += 1
            console.error(error, image)
            continue
        if key and not subject and (patient := patient_of(image)):
            write_key(key, {case.subject: patient})
        added.append({"image": str(image), **_summary(case)})
        console.say(f"{image.name}: {case.name}")
    console.result(added)
    if failed:
        raise BadInputError(f"{failed} of {len(found)} image(s) could not be added.")


@corrections.command("list", epilog="Example: crosscontrast corrections list my-dataset --json")
@DATASET
@user_command
def list_cases(console: Console, dataset: Path) -> None:
    """List the cases of a dataset: pending, corrected, or excluded with the reason."""
    cases = open_dataset(console, dataset).cases()
    console.result([_summary(case) for case in cases])
    width = max((len(case.name) for case in cases), default=0)
    for case in cases:
        what = case.reason or (f"revision {case.revision}" if case.revision else "")
        console.say(f"{case.name:{width}}  {case.state:9}  {'test' if case.test else '    '}  {what}".rstrip())
    counts = ", ".join(f"{sum(c.state == s for c in cases)} {s}" for s in ("corrected", "pending", "excluded"))
    console.say(f"{len(cases)} cases: {counts}")


@corrections.command(epilog="Example: crosscontrast corrections show my-dataset sub-01_T2w")
@DATASET
@click.argument("case")
@user_command
def show(console: Console, dataset: Path, case: str) -> None:
    """Show a case and the history of its corrections."""
    opened = open_dataset(console, dataset)
    shown, history = opened.case(case), opened.history(case)
    record = opened.record(case)
    console.result(
        {**_summary(shown), "record": record.model_dump(mode="json"), "history": [r.model_dump() for r in history]}
    )
    console.say(f"{shown.name}: {shown.state}{f' ({shown.reason})' if shown.reason else ''}")
    console.say(f"image:   {shown.image}\nsource:  {record.source}")
    for revision in history:
        console.say(_line(revision))


def _line(revision: "Revision") -> str:
    begun = f"revision {revision.base}" if revision.base else str(_model(revision) or "nothing")
    return (
        f"{revision.revision:3}  {revision.date}  {revision.author or 'unknown'}, {revision.seconds:.0f} s: "
        f"+{revision.voxels_added} -{revision.voxels_removed} voxels from {begun}"
        f"{f': {revision.note}' if revision.note else ''}"
    )


def _model(revision: "Revision") -> str:
    return f"{revision.model.name}@{revision.model.version}" if revision.model else ""


def _summary(case: "Case") -> dict[str, Any]:
    return {
        "case": case.name,
        "state": case.state,
        "revision": case.revision,
        "reason": case.reason,
        "test": case.test,
        "image": str(case.image),
    }


for command in (check, save, rename, exclude, include, freeze, predict, worklist, export):
    corrections.add_command(command)
