"""The page that translates a volume."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.panels.choices import ModelChoice
from crosscontrast.panels.synthesis.gate_view import GateView
from crosscontrast.scene.comparison import set_overlay, set_overlay_opacity, show_side_by_side

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job
    from crosscontrast.synthesis.jobs import TranslateImageResult

_BLINK_MS = 700


class TranslatePage:
    """Wires model, output and the ways of comparing source and translation. ``logic`` is the module's."""

    def __init__(self, ui: Any, needed: Path, logic: Any) -> None:
        self.action = _("Translate")
        self.source = ""
        self._ui, self._logic = ui, logic
        self._parameters: Any = None
        self._blinked = False
        self.models = ModelChoice(ui.modelComboBox, "translation", needed)
        self.gate = GateView(ui.translateTab)
        self._timer = qt.QTimer()
        self._timer.setInterval(_BLINK_MS)
        self._timer.timeout.connect(self._on_timer)
        ui.modelComboBox.currentIndexChanged.connect(self._on_model)
        ui.blinkButton.toggled.connect(self._on_blink)
        ui.sideBySideButton.clicked.connect(self._on_side_by_side)

    def refresh(self, parameters: Any) -> None:
        """Read which models there are."""
        self.models.refresh(parameters.model)
        parameters.model = self.models.model

    def update(self, parameters: Any) -> None:
        """Show the translation as it is asked for."""
        self._parameters = parameters
        output = parameters.outputVolume if parameters else None
        if output and not self._ui.blinkButton.checked:
            set_overlay_opacity(slicer.mrmlScene, output, parameters.opacity)
        self._ui.blinkButton.enabled = self._ui.sideBySideButton.enabled = bool(output)
        self.gate.show(output)

    def reason(self, parameters: Any) -> str:
        """Say why nothing can be translated; empty where it can."""
        if not parameters.inputVolume:
            return _("Choose a source volume.")
        if parameters.inputVolume == parameters.outputVolume:
            return _("Choose an output volume other than the source.")
        return self.models.problem

    def make_job(self, parameters: Any, folder: Path) -> "Job":
        """Make the job ``image.translate``."""
        self.source = parameters.inputVolume.GetID()
        job: Job = self._logic.makeJob(parameters, folder)
        return job

    def take(self, parameters: Any, result: "TranslateImageResult") -> None:
        """Show the translated image over its source."""
        self._logic.show(parameters, slicer.mrmlScene.GetNodeByID(self.source), result)

    def close(self) -> None:
        """Stop blinking."""
        self._timer.stop()

    def _on_model(self) -> None:
        if self._parameters:
            self._parameters.model = self.models.model

    def _on_blink(self, on: bool) -> None:
        (self._timer.start if on else self._timer.stop)()
        parameters = self._parameters
        if on and parameters:  # side by side nothing lies over anything
            set_overlay(slicer.mrmlScene, parameters.inputVolume, parameters.outputVolume, parameters.opacity)
        self.update(self._parameters)

    def _on_timer(self) -> None:
        """Show the other of the two."""
        if self._parameters and self._parameters.outputVolume:
            self._blinked = not self._blinked
            set_overlay_opacity(slicer.mrmlScene, self._parameters.outputVolume, float(self._blinked))

    def _on_side_by_side(self) -> None:
        parameters = self._parameters
        volumes = [parameters.inputVolume, parameters.outputVolume, parameters.uncertaintyVolume]
        show_side_by_side(slicer.mrmlScene, [volume for volume in volumes if volume])
