"""The circle of the soft brush about the mouse in the slice views."""

from collections.abc import Callable, Iterable
from typing import Any

import vtk

#: Before the brush itself, which lets nobody else see the mouse while it is down.
_PRIORITY = 11.0
_SIDES = 48


class BrushCircle:
    """Draws a circle of ``radius()`` mm about the mouse in one view, until :meth:`release`."""

    def __init__(self, interactor: Any, slice_node: Any, radius: Callable[[], float]) -> None:
        self._interactor, self._node, self._radius = interactor, slice_node, radius
        self._shape = vtk.vtkRegularPolygonSource()
        self._shape.SetNumberOfSides(_SIDES)
        self._shape.GeneratePolygonOff()
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputConnection(self._shape.GetOutputPort())
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(mapper)
        self._actor.GetProperty().SetColor(1.0, 1.0, 0.3)
        self._actor.VisibilityOff()
        window = interactor.GetRenderWindow()
        self._renderer = window.GetRenderers().GetFirstRenderer() if window else None
        if self._renderer is not None:
            self._renderer.AddActor2D(self._actor)
        events = {"MouseMoveEvent": self._move, "LeaveEvent": self._hide}
        self._tags = [interactor.AddObserver(event, act, _PRIORITY) for event, act in events.items()]

    @property
    def pixels(self) -> float:
        """The radius on the screen."""
        width, columns = self._node.GetFieldOfView()[0], max(self._node.GetDimensions()[0], 1)
        return float(self._radius() * columns / width)

    @property
    def shown(self) -> bool:
        """Whether the mouse is in the view."""
        return bool(self._actor.GetVisibility())

    def release(self) -> None:
        """Draw nothing any more."""
        for tag in self._tags:
            self._interactor.RemoveObserver(tag)
        self._tags = []
        self._hide()
        if self._renderer is not None:
            self._renderer.RemoveActor2D(self._actor)

    def _move(self, *_: Any) -> None:
        x, y = self._interactor.GetEventPosition()
        self._shape.SetCenter(x, y, 0)
        self._shape.SetRadius(self.pixels)
        self._actor.VisibilityOn()
        self._draw()

    def _hide(self, *_: Any) -> None:
        self._actor.VisibilityOff()
        self._draw()

    def _draw(self) -> None:
        if self._renderer is not None:
            self._interactor.GetRenderWindow().Render()


class BrushCircles:
    """The circle in all slice views; ``views`` returns interactor and slice node of each."""

    def __init__(self, views: Callable[[], Iterable[tuple[Any, Any]]], radius: Callable[[], float]) -> None:
        self._views, self._radius = views, radius
        self.circles: list[BrushCircle] = []

    def turn(self, on: bool) -> None:
        """Show it, or do not. Called again, it is shown in views that came since, too."""
        for circle in self.circles:
            circle.release()
        views = self._views() if on else ()
        self.circles = [BrushCircle(interactor, node, self._radius) for interactor, node in views]
