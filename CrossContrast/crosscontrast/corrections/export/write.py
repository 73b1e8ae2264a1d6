"""One export: a new folder that appears when all of it is written."""

import glob
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never, get_args

from crosscontrast.corrections.choices import ExportFormat
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.export.bids import export_bids
from crosscontrast.corrections.export.cases import ExportCase, corrected_cases
from crosscontrast.corrections.export.decathlon import export_decathlon
from crosscontrast.corrections.export.dicom_seg import SegmentationKind, find_series, write_dicom_seg
from crosscontrast.corrections.export.monai_label import export_monai_label
from crosscontrast.corrections.export.nnunet import export_nnunet, nnunet_name
from crosscontrast.corrections.publish import dataset_name
from crosscontrast.corrections.storage import sweep
from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.ground.case import our_warnings
from crosscontrast.progress import Progress, silent


@dataclass(frozen=True)
class Exported:
    """Where an export lies, how many cases it holds, and what could not be exported and why."""

    folder: Path
    cases: int
    warnings: tuple[str, ...]


def export_corrections(
    dataset: CorrectionDataset,
    form: ExportFormat,
    out: Path,
    *,
    nnunet_id: int = 701,
    dicom: Path | None = None,
    progress: Progress = silent,
) -> Exported:
    """Export the newest corrections of all cases that are not excluded into the folder ``out``, new or empty.

    For ``nnunet`` the new folder is ``Dataset701_Title`` inside ``out``, beside others. ``dicom-seg`` takes the cases
    that came from DICOM; their series are looked for where they were or in ``dicom``. Raises :class:`BadInputError`
    where nothing can be exported and :class:`OutputError` where ``out`` is in use or cannot be written, or another
    dataset of nnU-Net has the number.
    """
    with our_warnings() as said:
        cases = corrected_cases(dataset)
    title, label = dataset_name(dataset.folder), dataset.layout.label
    count, remarks = len(cases), said
    folder = out / nnunet_name(nnunet_id, title) if form == "nnunet" else out
    if form == "nnunet":
        _check_number(out, nnunet_id, folder)
    with _new_export(folder) as staging:
        if form == "bids":
            export_bids(dataset, cases, staging, progress)
        elif form == "nnunet":
            export_nnunet(cases, staging, folder.name, label, progress)
        elif form == "monai-label":
            pending = [case for case in dataset.cases() if case.state == "pending"]
            export_monai_label(cases, pending, staging, title, progress)
        elif form == "decathlon":
            export_decathlon(cases, staging, title, label, progress)
        elif form == "dicom-seg":
            left_out = _export_dicom(cases, staging, label, dicom, progress)
            remarks, count = remarks + left_out, count - len(left_out)
        else:  # mypy tells who adds a form and forgets it here
            assert_never(form)
    progress(1, 1, "done")
    return Exported(folder, count, tuple(remarks))


def _check_number(out: Path, number: int, folder: Path) -> None:
    """nnU-Net finds its datasets by their numbers and stops where two have the same."""
    other = next((path for path in sorted(out.glob(f"Dataset{number:03d}_*")) if path != folder), None)
    if other:
        raise OutputError(f"{other} has the number {number} already.", "give another one with --id")


def _export_dicom(
    cases: list[ExportCase], folder: Path, label: str, dicom: Path | None, progress: Progress
) -> list[str]:
    """Write both kinds for every case that can be; return why the others cannot."""
    remarks: list[str] = []
    kinds: tuple[SegmentationKind, ...] = get_args(SegmentationKind)
    for number, case in enumerate(cases):
        progress(number, len(cases), case.name)
        try:
            series = find_series(case, dicom)
            for kind in kinds:
                write_dicom_seg(case, series, kind, label, folder / f"{case.name}_label-{label}_{kind}.dcm")
        except BadInputError as error:
            remarks.append(str(error))
    if len(remarks) == len(cases):
        raise BadInputError(f"No correction can be exported as DICOM SEG: {remarks[0]}")
    return remarks


@contextmanager
def _new_export(out: Path) -> Iterator[Path]:
    """Give a folder beside ``out`` that becomes ``out`` when the block ends without an error, and else disappears."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} exists and is not an empty folder.", "export into a new one")
    staging = out.with_name(f".part-{uuid.uuid4().hex[:8]}-{out.name}")
    try:
        sweep(out.parent, f".part-????????-{glob.escape(out.name)}")
        staging.mkdir(parents=True)
        yield staging
        if out.exists():
            out.rmdir()
        staging.rename(out)
    except OSError as error:
        raise OutputError(f"Cannot export into {out}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
