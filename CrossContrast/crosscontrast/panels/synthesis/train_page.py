"""The page that trains a translator and shows how it goes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.panels.choices import device_of
from crosscontrast.panels.pictures import show_picture
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from crosscontrast.jobs.job import Job
    from crosscontrast.synthesis.training.jobs import TrainTranslatorResult

_CURVES_MS = 2000


class TrainPage:
    """Wires cohort, network and folder. ``busy()`` says whether a job is under way; ``changed()`` follows edits."""

    source = ""

    def __init__(self, ui: Any, busy: "Callable[[], bool]", changed: "Callable[[], None]") -> None:
        self.action = _("Train")
        self._ui, self._busy, self._changed = ui, busy, changed
        for name, entry in CATALOGUE.items():
            ui.networkComboBox.addItem(entry.title, name)
        for line in (ui.sourceRoleLineEdit, ui.targetRoleLineEdit):
            line.textChanged.connect(changed)
        for path in (ui.cohortPathLineEdit, ui.trainingPathLineEdit):
            path.currentPathChanged.connect(changed)
        self._timer = qt.QTimer()
        self._timer.setInterval(_CURVES_MS)
        self._timer.timeout.connect(self._show_curves)

    def refresh(self, parameters: Any) -> None:
        """Nothing depends on the library."""

    def update(self, parameters: Any) -> None:
        """Nothing depends on the scene."""

    def reason(self, parameters: Any) -> str:
        """Say why nothing can be trained; empty where it can."""
        ui = self._ui
        filled = ui.cohortPathLineEdit.currentPath and ui.sourceRoleLineEdit.text and ui.targetRoleLineEdit.text
        return "" if filled and ui.trainingPathLineEdit.currentPath else _("Fill in cohort, roles and folder.")

    def make_job(self, parameters: Any, folder: Path) -> "Job":
        """Make the job ``synth.train``; a training that lies in the folder goes on where it is the one asked for."""
        from crosscontrast.synthesis.training.config import TrainingConfig
        from crosscontrast.synthesis.training.jobs import TrainTranslator
        from crosscontrast.training.settings import make_config

        ui, out = self._ui, Path(self._ui.trainingPathLineEdit.currentPath)
        device = device_of(parameters.device)
        self._timer.start()
        settings = {
            "cohort": ui.cohortPathLineEdit.currentPath,
            "source": ui.sourceRoleLineEdit.text,
            "target": ui.targetRoleLineEdit.text,
            "network": ui.networkComboBox.currentData,
            "steps": ui.stepsSpinBox.value,
        }
        wanted = make_config(TrainingConfig, settings)
        force = bool(ui.forceCheckBox.checked)
        return TrainTranslator(
            out=out, settings=wanted, resume=True, more={"steps": wanted.steps}, force=force, device=device
        )

    def take(self, parameters: Any, result: "TrainTranslatorResult") -> None:
        """Add the trained model to the library where it was given a name, and choose it."""
        self._timer.stop()
        self._show_curves()
        name = self._ui.nameLineEdit.text.strip()
        if name:
            from crosscontrast.models.library import ModelLibrary

            ModelLibrary().add(result.model, name)
            if result.back:
                ModelLibrary().add(result.back, f"{name}-back")
            parameters.model = name

    def close(self) -> None:
        """Draw no more."""
        self._timer.stop()

    def _show_curves(self) -> None:
        """Draw the losses so far and the newest samples of the training in the folder."""
        from crosscontrast.training.curves import draw_curves, newest_picture

        if not self._busy():
            self._timer.stop()
        folder, picture = Path(self._ui.trainingPathLineEdit.currentPath), Path(slicer.app.temporaryPath) / "curves.png"
        if draw_curves(folder, picture):
            show_picture(self._ui.curvesLabel, picture)
        samples = newest_picture(folder)
        if samples:
            show_picture(self._ui.samplesLabel, samples)
