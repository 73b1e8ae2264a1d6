"""The page that segments: one button, the model, and marks where the cord is not found by itself."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from crosscontrast.desk.segment import Segmented, Segmenter
from crosscontrast.errors import BadInputError
from crosscontrast.panels.choices import ModelChoice, device_of
from crosscontrast.panels.cord.marks_box import MarksBox
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.scene.cord.inputs import InputVolume, write_inputs
from crosscontrast.scene.cord.marks import ENDS, Point, points_of
from crosscontrast.scene.results import source_of
from crosscontrast.scene.sources import why_not_together

if TYPE_CHECKING:
    from crosscontrast.panels.correct_page import CorrectPage


class SegmentPage:
    """Wires the page. ``parameters()`` returns the choices and ``write(folder)`` writes the inputs.

    ``taken`` gets what came out of a run; what came out of a click where a cord was lost goes into the correction.
    """

    def __init__(
        self,
        ui: Any,
        needed: Path,
        correcting: "CorrectPage",
        parameters: Callable[[], Any],
        write: Callable[[Path], list[InputVolume]],
        taken: Callable[[list[Segmented]], None],
        on_busy: Callable[[], None],
    ) -> None:
        self._ui, self._correcting, self._parameters, self._write = ui, correcting, parameters, write
        self.models = ModelChoice(ui.modelComboBox, "segmentation", needed)
        self.controls = JobControls(ui, _("Soft Cord Segmentation"), needed, on_busy=on_busy)
        self.desk = Segmenter(self.controls, taken, no_image=_("Choose an input volume."))
        self.going_on = Segmenter(self.controls, self._take_gone_on)
        self.marks = MarksBox(ui, self.run, self.go_on)
        ui.runButton.clicked.connect(self.run)

    def update(self) -> None:
        """Allow Run where it can succeed, and say why it cannot."""
        self._fill_in()
        self.controls.allow(self.desk.why_not(), _("Segment the cord on the input volume and more contrasts"))
        self._ui.cancelButton.visible = self.controls.busy

    def run(self) -> None:
        """Segment the input volume and the further contrasts, from the marks where there are any."""
        self._fill_in()
        self.desk.run(self._write_inputs)

    def go_on(self, point: Point) -> None:
        """Follow the cord from a point where it was lost, and put what is found into the correction."""
        correction = self._correcting.correction
        if correction is None:
            return
        self._fill_in()
        desk, soft = self.going_on, correction.soft
        desk.image, desk.no_model, desk.model = source_of(soft), self.desk.no_model, self.desk.model
        desk.device, desk.threshold = self.desk.device, correction.threshold
        desk.at, desk.ends = (point,), points_of(desk.image, ENDS)

        def write(folder: Path) -> list[InputVolume]:
            reason = why_not_together(soft)
            if reason:
                raise BadInputError(reason)
            return write_inputs([desk.image], folder)

        desk.run(write)

    def _fill_in(self) -> None:
        """Let the segmenter have the choices."""
        desk, parameters = self.desk, self._parameters()
        desk.no_model = self.models.problem
        desk.image, desk.model = parameters.inputVolume, "" if desk.no_model else parameters.model
        desk.device, desk.threshold = device_of(parameters.device), parameters.threshold
        desk.uncertainty = parameters.uncertainty
        desk.at, desk.ends = self.marks.here, self.marks.ends

    def _write_inputs(self, folder: Path) -> list[InputVolume]:
        """Write what is to be segmented; the packages are there now, and with them what the library holds."""
        self.models.refresh(self._parameters().model)
        return self._write(folder)

    def _take_gone_on(self, results: list[Segmented]) -> None:
        """Put what was found into the correction that it was asked for, if that is still at hand."""
        correction = self._correcting.correction
        if correction is not None and source_of(correction.soft) is self.going_on.image:
            self._correcting.desk.pick_up(results[0].softseg)
