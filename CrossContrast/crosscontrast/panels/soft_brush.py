"""The soft brush in the hand: its button, the mouse in the slice views and the circle about it."""

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.util import VTKObservationMixin

from crosscontrast.desk.correct import Corrector, Point
from crosscontrast.scene.brush_circle import BrushCircles
from crosscontrast.scene.pointer import SlicePointers


class SoftBrush(VTKObservationMixin):
    """Binds ``brushButton`` and the sliders to ``desk``.

    ``parameters()`` returns radius, strength and mode; ``on_taken`` is called when the user takes the brush. It is put
    down where the mouse gets another task (placing markups, window and level), and it acts in views that come later.
    """

    def __init__(self, ui: Any, desk: Corrector, parameters: Callable[[], Any], on_taken: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._ui, self._desk, self._parameters, self._on_taken = ui, desk, parameters, on_taken
        self._pointers = SlicePointers(_slice_views, self._press, desk.move, self._release)
        self._circles = BrushCircles(_slice_views, lambda: parameters().brushRadius)
        # The views of a new layout are there only when the event is over.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._follow_layout)
        layouts = slicer.app.layoutManager()
        if layouts is not None:
            layouts.layoutChanged.connect(self._on_layout)
        ui.brushButton.toggled.connect(self._on_toggled)

    @property
    def on(self) -> bool:
        """Whether the brush is in the hand."""
        return self._pointers.on

    def put_down(self) -> None:
        """Let the mouse do what it did before."""
        self._ui.brushButton.checked = False

    def close(self) -> None:
        """The module goes."""
        self.put_down()
        self._timer.stop()
        layouts = slicer.app.layoutManager()
        if layouts is not None:
            layouts.layoutChanged.disconnect(self._on_layout)

    def _on_toggled(self, on: bool) -> None:
        mode = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLInteractionNode")
        if on:
            self._on_taken()
            if mode is not None:
                mode.SetCurrentInteractionMode(mode.ViewTransform)
                self.addObserver(mode, mode.InteractionModeChangedEvent, self._on_mode)
        else:
            self.removeObservers()
        self._turn(on)

    def _turn(self, on: bool) -> None:
        self._pointers.turn(on)
        self._circles.turn(on)

    def _on_mode(self, mode: Any, _event: Any) -> None:
        if mode.GetCurrentInteractionMode() != mode.ViewTransform:
            self.put_down()

    def _on_layout(self, _layout: int) -> None:
        self._timer.start()

    def _follow_layout(self) -> None:
        if self.on:
            self._turn(True)

    def _press(self, point: Point, shift: bool) -> None:
        parameters = self._parameters()
        raising = (parameters.brushMode == "raise") != shift
        self._desk.press(point, parameters.brushRadius, parameters.brushStrength, raising=raising)

    def _release(self) -> None:
        self._desk.lift()
        self._desk.take()


def _slice_views() -> list[tuple[Any, Any]]:
    """Return interactor and slice node of every slice view of Slicer's window."""
    layouts: Any = slicer.app.layoutManager()
    if layouts is None:
        return []
    views = [layouts.sliceWidget(name) for name in layouts.sliceViewNames()]
    return [(view.sliceView().interactor(), view.mrmlSliceNode()) for view in views]
