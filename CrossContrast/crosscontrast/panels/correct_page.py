"""The page on which a person corrects a soft map: with the Segment Editor and with the soft brush."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from crosscontrast.desk.correct import Corrector
from crosscontrast.errors import CrossContrastError
from crosscontrast.panels.editor import EFFECTS, Editor
from crosscontrast.panels.messages import show_error
from crosscontrast.panels.soft_brush import SoftBrush
from crosscontrast.panels.tab_order import put_into_tab_order
from crosscontrast.scene.results import source_of
from crosscontrast.scene.soft_map import set_smooth

if TYPE_CHECKING:
    from crosscontrast.corrections.boxes import Box
    from crosscontrast.scene.correction import Correction

#: The Segment Editor tells of one stroke several times; after this pause (ms) the stroke is taken to be done.
_SETTLED = 120


class CorrectPage(VTKObservationMixin):
    """Binds the widgets to a :class:`Corrector`. ``on_changed`` gets the part of the map that changed.

    ``panel`` tells the panels apart and ``segment`` is what the segment is called in the Segment Editor.
    """

    def __init__(self, ui: Any, on_changed: "Callable[[Box], None]", panel: str, segment: str) -> None:
        VTKObservationMixin.__init__(self)
        self._ui = ui
        no_segment = _("Press {button} first.").format(button=ui.makeSegmentButton.text)
        self.desk = Corrector(slicer.mrmlScene, segment, _("Run a segmentation or choose a soft map."), no_segment)
        self.desk.painted.append(on_changed)
        self.desk.changed.append(on_changed)
        #: Called when a correction began, ended or changed its state.
        self.onState: Callable[[], None] = lambda: None
        #: Called when another correction is at hand, after the editor has it.
        self.onBegun: Callable[[], None] = lambda: None
        self._parameters: Any = None
        self._shown: Correction | None = None  # the correction that the editor has
        self._brush = SoftBrush(ui, self.desk, lambda: self._parameters, self._on_brush_taken)
        self._editor = Editor(ui.editorFrame, self._brush.put_down, f"{panel}Editor")
        put_into_tab_order(self._editor.widget, ui.makeSegmentButton)
        self._settle = qt.QTimer()
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLED)
        self._settle.timeout.connect(self.take_segment)
        ui.makeSegmentButton.clicked.connect(self.begin)
        ui.undoButton.clicked.connect(self.desk.undo)
        ui.redoButton.clicked.connect(self.desk.redo)
        ui.resetButton.clicked.connect(self.desk.reset)
        self.desk.state.append(self._on_state)
        self.update()

    @property
    def correction(self) -> "Correction | None":
        """What is under correction."""
        return self.desk.correction

    @property
    def unsaved(self) -> bool:
        """Whether something was corrected that is in no dataset."""
        return self.correction is not None and self.desk.unsaved

    def use(self, parameters: Any) -> None:
        """Follow the parameters: the correction ends when another soft map is chosen."""
        self._parameters = parameters
        self.desk.use(parameters.softMap)

    def begin(self) -> None:
        """Cut a segment from the soft map at the threshold and let the person correct both."""
        self.desk.use(self._parameters.softMap)  # the panel may not follow the parameters now
        try:
            with slicer.util.WaitCursor():
                self.desk.begin(self._parameters.threshold)
        except CrossContrastError as error:
            show_error(error, _("Correction"))

    def end(self) -> None:
        """Let go of the map under correction; nothing of it is lost in the scene."""
        self.desk.end()

    def take_segment(self) -> None:
        """Merge what the Segment Editor did into the soft map, now."""
        self._settle.stop()
        self.desk.take()

    def keys(self) -> dict[str, Callable[[], None]]:
        """Return the keys of the page: undo and redo, and as in the Segment Editor digits for its tools and Escape."""
        digits = {str(number): partial(self._take_tool, name) for number, name in enumerate(EFFECTS, 1)}
        return digits | {"Ctrl+Z": self.desk.undo, "Ctrl+Y": self.desk.redo, "Escape": self.put_all_down}

    def enter(self) -> None:
        """The module is opened."""
        self._editor.enter()

    def leave(self) -> None:
        """The module is left."""
        self._brush.put_down()
        self.take_segment()
        self._editor.leave()

    def put_all_down(self) -> None:
        """Let nothing act on the views."""
        self._brush.put_down()
        self._editor.put_tool_down()

    def start_import(self) -> None:
        """A scene is about to be read into this one."""
        self.take_segment()
        self._brush.put_down()
        self._editor.start_import()

    def end_import(self) -> None:
        """The scene was read; the editor shows the correction at hand again, if there still is one."""
        self._editor.end_import()
        self._shown = None
        self._on_state()

    def shut(self) -> None:
        """The module goes."""
        self.close()
        self._brush.close()

    def close(self) -> None:
        """The scene closes."""
        self.desk.end()
        self.desk.use(None)
        self._editor.let_go()

    def update(self) -> None:
        """Enable what can be done, and say why the rest cannot."""
        ui, desk, edit = self._ui, self.desk, self.desk.why_not_edit()
        for button, reason, tip in (
            (
                ui.makeSegmentButton,
                desk.why_not_begin(),
                _("Cut a segment from the soft map at the threshold, to correct it"),
            ),
            (ui.brushButton, edit, _("Raise or lower the soft values themselves. Ctrl+Shift+B")),
            (ui.undoButton, desk.why_not_undo(), _("Take the last change back. Ctrl+Z")),
            (ui.redoButton, desk.why_not_redo(), _("Make it again. Ctrl+Y")),
            (ui.resetButton, desk.why_not_reset(), _("Take all changes back")),
        ):
            button.enabled = not reason
            button.toolTip = reason or tip
        for part in (ui.brushModeComboBox, ui.brushRadiusSlider, ui.brushStrengthSlider, ui.editorFrame):
            part.enabled = not edit
        ui.correctionLabel.text = "" if edit else self._summary()
        self.onState()

    def _summary(self) -> str:
        if not self.desk.changed_voxels:
            return _("As predicted.")
        text = _("{count} voxels differ from the prediction.").format(count=f"{self.desk.changed_voxels:,}")
        return text + " " + _("Not saved yet.") if self.unsaved else text

    def _on_state(self) -> None:
        """Let the editor have the segment of the correction at hand, and nothing of one that ended."""
        correction = self.correction
        news = correction is not self._shown
        if news:
            if self._shown and self._shown.soft.GetScene() is not None:
                set_smooth(self._shown.soft, True)
            self._shown = correction
            self._settle.stop()
            self._brush.put_down()
            self.removeObservers()
            if correction:
                set_smooth(correction.soft, False)
                segmentation = correction.segmentation
                for event in (
                    slicer.vtkSegmentation.SourceRepresentationModified,
                    slicer.vtkSegmentation.SegmentRemoved,
                ):
                    self.addObserver(segmentation.GetSegmentation(), event, self._on_segment)
                self._editor.edit(segmentation, source_of(correction.soft) or self._parameters.inputVolume)
        self.update()
        if news and correction:
            self.onBegun()

    def _on_segment(self, caller: Any, event: Any) -> None:
        if self.correction and not self.correction.changing:
            self._settle.start()

    def _on_brush_taken(self) -> None:
        self.take_segment()
        self._editor.put_tool_down()

    def _take_tool(self, name: str) -> None:
        if self.correction:
            self._editor.take_tool(name)
