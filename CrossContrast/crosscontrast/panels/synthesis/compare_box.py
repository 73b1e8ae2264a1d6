"""Looking at an image and its translation: beside each other, over each other, in turn, and where they are wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.desk.translate import Translator
from crosscontrast.scene.comparison import set_overlay, set_overlay_opacity, show_error_map, show_side_by_side
from crosscontrast.scene.volumes import file_name, write_volume

if TYPE_CHECKING:
    from crosscontrast.jobs.job import JobResult
    from crosscontrast.panels.job_controls import JobControls

_BLINK_MS = 700


class CompareBox:
    """Binds the buttons under the result to a :class:`Translator`. ``controls()`` runs the job of the error map."""

    def __init__(self, ui: Any, desk: Translator, controls: Any) -> None:
        self._ui, self._desk, self._controls = ui, desk, controls
        self._parameters: Any = None
        self._blinked = False
        self._timer = qt.QTimer()
        self._timer.setInterval(_BLINK_MS)
        self._timer.timeout.connect(self._on_timer)
        ui.sideBySideButton.clicked.connect(self.side_by_side)
        ui.overlayButton.clicked.connect(self.overlay)
        ui.blinkButton.toggled.connect(self._on_blink)
        ui.errorMapButton.clicked.connect(self._on_error_map)

    def update(self, parameters: Any) -> None:
        """Follow the parameters; enable what can be done and say why the rest cannot."""
        self._parameters = parameters
        ui, compare, error = self._ui, self._desk.why_not_compare(), self._desk.why_not_error()
        if compare:
            ui.blinkButton.checked = False
        elif not ui.blinkButton.checked:
            set_overlay_opacity(slicer.mrmlScene, parameters.outputVolume, parameters.opacity)
        for button in (ui.sideBySideButton, ui.overlayButton, ui.blinkButton, ui.opacitySlider):
            button.enabled = not compare
        ui.errorMapButton.enabled = not error
        ui.compareReasonLabel.text = compare or (_("Error map: {reason}").format(reason=error) if error else "")
        ui.compareReasonLabel.visible = bool(compare or error)

    def side_by_side(self) -> None:
        """Show image, translation and how sure it is each in a view."""
        self._ui.blinkButton.checked = False
        parameters = self._parameters
        volumes = [parameters.inputVolume, parameters.outputVolume, parameters.uncertaintyVolume]
        show_side_by_side(slicer.mrmlScene, [volume for volume in volumes if volume])

    def overlay(self) -> None:
        """Lay the translation over its image in all views."""
        parameters = self._parameters
        set_overlay(slicer.mrmlScene, parameters.inputVolume, parameters.outputVolume, parameters.opacity)

    def close(self) -> None:
        """Stop blinking."""
        self._timer.stop()

    def _on_blink(self, on: bool) -> None:
        (self._timer.start if on else self._timer.stop)()
        if not self._desk.why_not_compare():  # side by side nothing lies over anything
            self.overlay()

    def _on_timer(self) -> None:
        """Show the other of the two."""
        if self._parameters and self._parameters.outputVolume:
            self._blinked = not self._blinked
            set_overlay_opacity(slicer.mrmlScene, self._parameters.outputVolume, float(self._blinked))

    def _on_error_map(self) -> None:
        controls: JobControls = self._controls()
        result, target = self._desk.result.GetID(), self._desk.target.GetID()

        def take(made: "JobResult") -> str:
            from crosscontrast.synthesis.error_map import MapErrorResult

            assert isinstance(made, MapErrorResult)
            nodes = [slicer.mrmlScene.GetNodeByID(key) for key in (result, target)]
            show_error_map(slicer.mrmlScene, made.map, *nodes)
            self._ui.errorLabel.text = made.figures.sentence()
            return ""

        controls.start(lambda folder: self._desk.error_job(lambda n, role: _write(n, folder, role), folder), take)


def _write(node: Any, folder: Path, role: str) -> Path:
    """Write a volume where it is in the world: image, translation and target may lie under different transforms."""
    path = folder / role / file_name(node)
    path.parent.mkdir()
    write_volume(node, path, world=True)
    return path
