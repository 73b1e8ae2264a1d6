"""The corrected cases of the dataset in the form that another program reads, as one archive."""

import shutil
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import BUSY, NO_DATASET, ExportState
from crosscontrast.app.pages.work import Work
from crosscontrast.corrections.jobs import ExportCorrections, ExportResult
from crosscontrast.errors import BadInputError
from crosscontrast.jobs.job import JobResult

#: What users choose from. DICOM segmentations are made of the cases whose series is still where it came from.
FORMS = (
    ("bids", "BIDS derivatives"),
    ("nnunet", "nnU-Net v2"),
    ("monai-label", "MONAI Label"),
    ("decathlon", "Decathlon"),
    ("dicom-seg", "DICOM segmentations"),
)


class Exporting:
    """Runs ``corrections.export`` into the session's folder and packs what came out."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, work: Work) -> None:
        self._desk, self._cases, self._work = desk, cases, work
        self.typed = TypedState(server.state, ExportState, namespace="export")
        self._archive: Path | None = None
        work.listeners.append(self._update)
        self._update()

    def run(self) -> None:
        """Export all corrected cases."""
        dataset, form = self._cases.dataset, self.typed.data.form
        if self.typed.data.why_not or dataset is None:
            return
        folder = self._desk.folder / "export"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._archive = None
        job = ExportCorrections.model_validate({"dataset": dataset.folder, "out": folder / form, "form": form})
        self._work.start(job, self._take)

    def archive(self) -> Path:
        """Return the archive; raises :class:`BadInputError` where there is none."""
        if self._archive is None:
            raise BadInputError("Nothing was exported yet.")
        return self._archive

    def _take(self, result: JobResult) -> str:
        assert isinstance(result, ExportResult)
        name = f"{self._cases.dataset.folder.name if self._cases.dataset else 'dataset'}_{result.folder.name}"
        made = shutil.make_archive(str(result.folder.parent / name), "zip", result.folder)
        shutil.rmtree(result.folder, ignore_errors=True)
        self._archive = Path(made)
        self._update()
        counted = "1 case is" if result.cases == 1 else f"{result.cases} cases are"
        return " ".join([f"{counted} ready to be fetched.", *result.warnings])

    def _update(self) -> None:
        data = self.typed.data
        data.why_not = NO_DATASET if self._cases.dataset is None else BUSY if self._work.busy else ""
        data.why_not_fetch = "" if self._archive else "Nothing was exported yet."
