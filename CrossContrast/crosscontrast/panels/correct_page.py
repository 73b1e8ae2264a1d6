"""The page on which a person corrects a soft map: with the Segment Editor and with the soft brush."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from crosscontrast.corrections.clock import WorkClock
from crosscontrast.errors import CrossContrastError
from crosscontrast.panels.brush_tool import BrushTool, Point
from crosscontrast.panels.editor import EFFECTS, Editor
from crosscontrast.panels.messages import show_error
from crosscontrast.scene.results import source_of

if TYPE_CHECKING:
    from crosscontrast.corrections.boxes import Box
    from crosscontrast.scene.correction import Correction

#: The Segment Editor tells of one stroke several times; after this pause (ms) the stroke is taken to be done.
_SETTLED = 120


class CorrectPage(VTKObservationMixin):
    """Wires the correction of one soft map at a time. ``on_changed`` gets the part of the map that changed.

    ``panel`` tells the panels apart and ``segment`` is what the segment is called in the Segment Editor. ``unsaved`` is
    true from the first change until :meth:`saved`.
    """

    def __init__(self, ui: Any, on_changed: "Callable[[Box], None]", panel: str, segment: str) -> None:
        VTKObservationMixin.__init__(self)
        self._ui = ui
        self._on_changed = on_changed
        self.segment = segment
        self.correction: Correction | None = None
        self.clock = WorkClock()
        self.unsaved = False
        #: Called when a correction began, ended or changed its state.
        self.onState: Callable[[], None] = lambda: None
        self._changed_voxels = 0
        self._parameters: Any = None
        self._editor = Editor(ui.editorFrame, self._put_brush_down, f"{panel}Editor")
        self._brush = BrushTool(self._press, self._move, self._release)
        self._settle = qt.QTimer()
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLED)
        self._settle.timeout.connect(self.take_segment)
        ui.makeSegmentButton.clicked.connect(self.begin)
        ui.brushButton.toggled.connect(self._on_brush_toggled)
        ui.undoButton.clicked.connect(self.undo)
        ui.redoButton.clicked.connect(self.redo)
        ui.resetButton.clicked.connect(self.reset)
        self.update()

    def use(self, parameters: Any) -> None:
        """Follow the parameters: the correction ends when another soft map is chosen."""
        self._parameters = parameters
        if self.correction and parameters.softMap is not self.correction.soft:
            self.end()
        elif not self.correction:
            self.update()

    def begin(self) -> None:
        """Cut a segment from the soft map at the threshold and let the person correct both."""
        from crosscontrast.scene.correction import Correction

        self.end()
        soft = self._parameters.softMap
        try:
            with slicer.util.WaitCursor():
                self.correction = Correction(slicer.mrmlScene, soft, self._parameters.threshold, self.segment)
        except CrossContrastError as error:
            show_error(error, _("Correction"))
            return
        self.clock = WorkClock()
        # A map that was corrected before, and the scene saved and opened since, has changes to save.
        self._changed_voxels = self.correction.changed_voxels
        self.unsaved = self._changed_voxels > 0
        segmentation = self.correction.segmentation
        self.addObserver(
            segmentation.GetSegmentation(), slicer.vtkSegmentation.SourceRepresentationModified, self._on_segment
        )
        self._editor.edit(segmentation, source_of(soft) or self._parameters.inputVolume)
        self.update()

    def end(self) -> None:
        """Let go of the map under correction; nothing of it is lost in the scene."""
        self._settle.stop()
        self._ui.brushButton.checked = False
        self.removeObservers()
        if self.correction:
            self.correction = None
            self.unsaved = False
            self.update()

    def saved(self) -> None:
        """What was corrected is in the dataset."""
        self.unsaved = False
        self.clock = WorkClock()
        self.update()

    def take_segment(self) -> None:
        """Merge what the Segment Editor did into the soft map, now."""
        self._settle.stop()
        if self.correction:
            self._changed(self.correction.take_segment())

    def undo(self) -> None:
        """Take the last change back."""
        if self.correction:
            self.take_segment()
            self._changed(self.correction.undo())

    def redo(self) -> None:
        """Make it again."""
        if self.correction:
            self._changed(self.correction.redo())

    def reset(self) -> None:
        """Take all changes back."""
        if self.correction:
            self._changed(self.correction.reset())

    def keys(self) -> dict[str, Callable[[], None]]:
        """Return the keys of the page: undo and redo, and as in the Segment Editor digits for its tools and Escape."""
        digits = {str(number): partial(self._take_tool, name) for number, name in enumerate(EFFECTS, 1)}
        return digits | {"Ctrl+Z": self.undo, "Ctrl+Y": self.redo, "Escape": self._put_all_down}

    def enter(self) -> None:
        """The module is opened."""
        self._editor.enter()

    def leave(self) -> None:
        """The module is left."""
        self.take_segment()
        self._ui.brushButton.checked = False
        self._editor.leave()

    def close(self) -> None:
        """The scene closes, or the module goes."""
        self.end()
        self._editor.let_go()

    def update(self) -> None:
        """Enable what can be done, and say why the rest cannot."""
        correction, has_map = self.correction, bool(self._parameters and self._parameters.softMap)
        need_map, need_segment = _("Run a segmentation or choose a soft map."), _("Press Make segment.")
        self._allow(
            self._ui.makeSegmentButton,
            "" if has_map else need_map,
            _("Cut a segment from the soft map at the threshold, to correct it"),
        )
        reason = "" if correction else need_segment if has_map else need_map
        self._allow(self._ui.brushButton, reason, _("Raise or lower the soft values themselves. Ctrl+Shift+B"))
        for part in (self._ui.brushModeComboBox, self._ui.brushRadiusSlider, self._ui.brushStrengthSlider):
            part.enabled = correction is not None
        self._ui.editorFrame.enabled = correction is not None
        history = correction.history if correction else None
        none_back, none_again = _("Nothing was changed yet."), _("Nothing was undone.")
        self._allow(
            self._ui.undoButton,
            "" if history and history.can_undo else none_back,
            _("Take the last change back. Ctrl+Z"),
        )
        self._allow(self._ui.redoButton, "" if history and history.can_redo else none_again, _("Make it again. Ctrl+Y"))
        changed = self._changed_voxels if correction else 0
        self._allow(self._ui.resetButton, "" if changed else none_back, _("Take all changes back"))
        self._ui.correctionLabel.text = self._state(changed) if correction else ""
        self.onState()

    def _state(self, changed: int) -> str:
        if not changed:
            return _("As predicted.")
        text = _("{count} voxels differ from the prediction.").format(count=f"{changed:,}")
        return text if not self.unsaved else text + " " + _("Not saved yet.")

    def _allow(self, button: Any, reason: str, tip: str) -> None:
        button.enabled = not reason
        button.toolTip = reason or tip

    def _on_segment(self, caller: Any, event: Any) -> None:
        if self.correction and not self.correction.changing:
            self._settle.start()

    def _on_brush_toggled(self, on: bool) -> None:
        if on:
            self.take_segment()
            self._editor.put_tool_down()
        self._brush.turn(on)

    def _put_brush_down(self) -> None:
        self._ui.brushButton.checked = False

    def _take_tool(self, name: str) -> None:
        if self.correction:
            self._editor.take_tool(name)

    def _put_all_down(self) -> None:
        self._put_brush_down()
        self._editor.put_tool_down()

    def _press(self, point: Point, shift: bool) -> None:
        if self.correction:
            parameters = self._parameters
            raising = (parameters.brushMode == "raise") != shift
            self.correction.start_stroke(parameters.brushRadius, parameters.brushStrength, raising)
            self._move(point)

    def _move(self, point: Point) -> None:
        box = self.correction.stroke_to(point) if self.correction else None
        if box is not None:
            self._on_changed(box)

    def _release(self) -> None:
        if self.correction:
            self._changed(self.correction.end_stroke())

    def _changed(self, box: "Box | None") -> None:
        if box is None:
            return
        self.unsaved = True
        self.clock.touch()
        self._changed_voxels = self.correction.changed_voxels if self.correction else 0
        self._on_changed(box)
        self.update()
