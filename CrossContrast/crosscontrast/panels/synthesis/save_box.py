"""Saving a corrected class into a correction dataset."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from crosscontrast.desk.opening import opened
from crosscontrast.errors import CrossContrastError
from crosscontrast.panels import requirements
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.panels.save_correction import SaveForm

if TYPE_CHECKING:
    from crosscontrast.panels.correct_page import CorrectPage

_FOLDER = "CrossContrast/SynthCorrectionDataset"


class SaveBox:
    """Wires folder, subject, author and the button. Each class has a dataset of its own, labelled with its name."""

    def __init__(self, ui: Any, needed: Path, correcting: "CorrectPage") -> None:
        self._ui, self._correcting = ui, correcting
        names = {"runButton": "saveButton", "cancelButton": "saveCancelButton"}
        names |= {"progressBar": "saveProgressBar", "statusLabel": "saveStatusLabel"}
        parts = SimpleNamespace(**{part: getattr(ui, name) for part, name in names.items()})
        title = _("Correction dataset")
        self.controls = JobControls(parts, title, needed, torch=False, on_busy=self.update)
        self._form = SaveForm(ui, correcting.desk, self.controls, _FOLDER, lambda: self.label)
        self._form.onFolder, self._form.onAuthor = self.look, self.update
        self._ready = lambda: requirements.are_installed(needed)
        self.update()

    @property
    def label(self) -> str:
        """What the class is called in the names of a dataset's masks, which take letters and digits only."""
        return re.sub(r"[^A-Za-z0-9]", "", self._correcting.desk.segment)

    def update(self) -> None:
        """Allow saving where it can succeed, and say why it cannot."""
        self._form.update(_("Save soft map and segment as the next revision of the case"))
        self._ui.saveCancelButton.visible = self.controls.busy
        begin, save = self._correcting.desk.why_not_edit(), self._form.desk.why_not()
        for label, reason in ((self._ui.editReasonLabel, begin), (self._ui.saveReasonLabel, save)):
            label.text, label.visible = reason, bool(reason)

    def look(self) -> None:
        """Open the dataset of the folder, and say what is wrong with it."""
        self.update()
        if self._form.folder is None or not self._ready() or self.controls.busy:
            return
        found, said = opened(self._form.folder)
        if isinstance(found, CrossContrastError):
            said = [found.message]
        self._ui.saveStatusLabel.text = " ".join(said)

    def close(self) -> None:
        """The module goes."""
        self.controls.close()
