"""The soft brush in the slice views of a page."""

from collections.abc import Callable
from typing import Any

import numpy as np

from crosscontrast.scene.pointer import SlicePointer

Point = tuple[float, float, float]


class SoftBrushTool:
    """Takes the left button in all slice views while it is on, and gives points (RAS, mm) to the callbacks.

    ``on_press`` gets the point and whether Shift is held, ``on_move`` the point, ``on_release`` nothing.
    Where the mouse moves faster than the network, points are put in between, at most ``STEP`` apart.
    """

    #: mm
    STEP = 0.5

    def __init__(
        self,
        application: Any,
        on_press: Callable[[Point, bool], None],
        on_move: Callable[[Point], None],
        on_release: Callable[[], None],
    ) -> None:
        self._views = application.view_manager
        self._on_press, self._on_move, self._on_release = on_press, on_move, on_release
        self._last: Point = (0.0, 0.0, 0.0)
        self._pointers: list[SlicePointer] = []

    def turn(self, *, on: bool) -> None:
        """Take the mouse, or give it back. Called again, it takes that of views that came since."""
        for pointer in self._pointers:
            pointer.release()
        views = self._views.get_slice_views() if on else []
        calls = (self._press, self._move, self._on_release)
        self._pointers = [SlicePointer(view.interactor(), view.get_view_node(), *calls) for view in views]

    def _press(self, point: Point, shift: bool) -> None:
        self._last = point
        self._on_press(point, shift)

    def _move(self, point: Point) -> None:
        start, end = np.array(self._last), np.array(point)
        count = max(1, int(np.ceil(np.linalg.norm(end - start) / self.STEP)))
        for number in range(1, count + 1):
            right, anterior, superior = (start + (end - start) * number / count).tolist()
            self._on_move((right, anterior, superior))
        self._last = point
