"""The soft brush in the slice views."""

from collections.abc import Callable
from typing import Any

import slicer

from crosscontrast.scene.pointer import SlicePointer

Point = tuple[float, float, float]


class BrushTool:
    """Takes the left button of all slice views while it is on."""

    def __init__(
        self,
        on_press: Callable[[Point, bool], None],
        on_move: Callable[[Point], None],
        on_release: Callable[[], None],
    ) -> None:
        self._slots = on_press, on_move, on_release
        self._pointers: list[SlicePointer] = []

    @property
    def on(self) -> bool:
        """Whether the brush is in the user's hand."""
        return bool(self._pointers)

    def turn(self, on: bool) -> None:
        """Take the brush or put it down."""
        for pointer in self._pointers:
            pointer.release()
        self._pointers = []
        layouts: Any = slicer.app.layoutManager()
        if not on or layouts is None:
            return
        for name in layouts.sliceViewNames():
            view = layouts.sliceWidget(name)
            self._pointers.append(SlicePointer(view.sliceView().interactor(), view.mrmlSliceNode(), *self._slots))
