"""Saving a corrected class into a correction dataset."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from crosscontrast.panels.job_controls import JobControls
from crosscontrast.panels.save_correction import CorrectionSaver, remember_dataset
from crosscontrast.scene.results import case_of

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job, JobResult
    from crosscontrast.panels.correct_page import CorrectPage

_FOLDER = "CrossContrast/SynthCorrectionDataset"


class SaveBox:
    """Wires folder, subject, author and the button. Each class has a dataset of its own, labelled with its name."""

    def __init__(self, ui: Any, needed: Path, correcting: "CorrectPage") -> None:
        self._ui, self._correcting = ui, correcting
        self._saver = CorrectionSaver(ui, correcting)
        names = {"runButton": "saveButton", "cancelButton": "saveCancelButton"}
        names |= {"progressBar": "saveProgressBar", "statusLabel": "saveStatusLabel"}
        parts = SimpleNamespace(**{part: getattr(ui, name) for part, name in names.items()})
        title = _("Correction dataset")
        self.controls = JobControls(parts, title, needed, self._make_job, self._take, False, self.update)
        remember_dataset(ui, _FOLDER, self.update, self.update)
        self.update()

    @property
    def label(self) -> str:
        """What the class is called in the names of a dataset's masks, which take letters and digits only."""
        return re.sub(r"[^A-Za-z0-9]", "", self._correcting.segment)

    def update(self) -> None:
        """Allow saving where it can succeed, and say why it cannot."""
        ui, correction, reason = self._ui, self._correcting.correction, self._saver.reason
        ui.saveButton.enabled = not reason and not self.controls.busy
        ui.saveButton.toolTip = reason or _("Save soft map and segment as the next revision of the case")
        ui.saveCancelButton.visible = self.controls.busy
        case, revision = case_of(correction.soft) if correction else ("", 0)
        ui.subjectLineEdit.enabled = not case
        ui.caseLabel.text = _("{case}, revision {number}").format(case=case, number=revision) if case else ""

    def close(self) -> None:
        """The module goes."""
        self.controls.close()

    def _make_job(self, folder: Path) -> "Job":
        return self._saver.make_job(folder, self.label)

    def _take(self, result: "JobResult") -> None:
        from crosscontrast.corrections.jobs import SaveCorrectionResult

        assert isinstance(result, SaveCorrectionResult)
        self._saver.take(result)
