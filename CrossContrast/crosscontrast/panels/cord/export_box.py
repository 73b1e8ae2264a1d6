"""Export of a correction dataset for other programs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.corrections.choices import FORMATS

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job, JobResult


class ExportBox:
    """Asks where to, and starts the job through ``start``, which gets a function that makes it."""

    def __init__(self, ui: Any, start: "Callable[[Callable[[Path], Job]], None]") -> None:
        self._ui = ui
        self._start = start
        self._dataset: Path | None = None
        self._target = Path()
        titles = {
            "bids": _("BIDS"),
            "nnunet": _("nnU-Net v2"),
            "monai-label": _("MONAI Label"),
            "decathlon": _("Decathlon (MONAI)"),
            "dicom-seg": _("DICOM SEG"),
        }
        ui.exportComboBox.addItems([titles[form] for form in FORMATS])
        ui.exportButton.clicked.connect(self._ask)

    def update(self, busy: bool, reason: str, dataset: Path | None) -> None:
        """Allow the export of ``dataset``, or say why it cannot be."""
        self._dataset = dataset
        self._ui.exportButton.enabled = not busy and not reason
        self._ui.exportComboBox.enabled = not reason
        self._ui.exportButton.toolTip = reason or _("Write all corrections that are not excluded into a new folder")

    def take(self, result: "JobResult") -> None:
        """Say what was exported."""
        from crosscontrast.corrections.jobs import ExportResult

        assert isinstance(result, ExportResult)
        text = _("Exported {count} cases to {folder}").format(count=result.cases, folder=result.folder)
        result.warnings.insert(0, text)

    def _ask(self) -> None:
        chosen = qt.QFileDialog.getExistingDirectory(
            slicer.util.mainWindow(), _("Export into a new folder in..."), str(self._dataset)
        )
        if chosen:
            self._target = Path(chosen)
            self._start(self._make)

    def _make(self, folder: Path) -> "Job":
        from crosscontrast.corrections.jobs import ExportCorrections

        assert self._dataset
        form = FORMATS[self._ui.exportComboBox.currentIndex]
        # nnU-Net names the new folder itself: Dataset701_Name.
        out = self._target if form == "nnunet" else self._target / f"{self._dataset.name}-{form}"
        return ExportCorrections(dataset=self._dataset, out=out, form=form)
