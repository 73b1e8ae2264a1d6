"""The mouse in a slice view, as points in space."""

from collections.abc import Callable
from typing import Any

import vtk

#: Before the Segment Editor (1.0) and the view's own style (0.0), which then do not see the event.
_PRIORITY = 10.0
_EVENTS = (
    vtk.vtkCommand.LeftButtonPressEvent,
    vtk.vtkCommand.MouseMoveEvent,
    vtk.vtkCommand.LeftButtonReleaseEvent,
)


class SlicePointer:
    """Follows the left button in the view of ``interactor``, which shows ``slice_node``, until :meth:`release`.

    ``on_press`` gets the point (RAS, mm) and whether Shift is held, ``on_move`` each point while the button is down,
    ``on_release`` nothing. These events reach nobody else, so neither window and level nor another tool acts on them.
    """

    def __init__(
        self,
        interactor: Any,
        slice_node: Any,
        on_press: Callable[[tuple[float, float, float], bool], None],
        on_move: Callable[[tuple[float, float, float]], None],
        on_release: Callable[[], None],
    ) -> None:
        self._interactor = interactor
        self._slice_node = slice_node
        self._on_press, self._on_move, self._on_release = on_press, on_move, on_release
        self._down = False
        self._tags = [interactor.AddObserver(event, self._on_event, _PRIORITY) for event in _EVENTS]

    def release(self) -> None:
        """Let the view have its mouse back."""
        if self._down:
            self._down = False
            self._on_release()
        for tag in self._tags:
            self._interactor.RemoveObserver(tag)
        self._tags = []

    def _on_event(self, caller: Any, event: str) -> None:
        if event == "LeftButtonPressEvent":
            self._down = True
            self._on_press(self._point(), bool(self._interactor.GetShiftKey()))
        elif not self._down:
            return  # moving without the button is nobody's business here
        elif event == "MouseMoveEvent":
            self._on_move(self._point())
        else:
            self._down = False
            self._on_release()
        for tag in self._tags:
            self._interactor.GetCommand(tag).SetAbortFlag(1)

    def _point(self) -> tuple[float, float, float]:
        x, y = self._interactor.GetEventPosition()
        right, anterior, superior, _ = self._slice_node.GetXYToRAS().MultiplyPoint((x, y, 0, 1))
        return right, anterior, superior
