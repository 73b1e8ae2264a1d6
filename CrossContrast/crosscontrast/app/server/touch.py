"""Two fingers on a view: they zoom about their middle and pan, and never turn a slice."""

from collections.abc import Mapping
from typing import Any

from trame_rca.utils import RcaViewAdapter

_ZOOMS, _TURNS = ("StartPinch", "Pinch", "EndPinch"), ("StartRotate", "Rotate", "EndRotate")


class TouchAdapter(RcaViewAdapter):
    """Gives the events of a page to a view; ``slice_node`` is a slice view's, ``None`` for one in space.

    A page tells how far two fingers are apart against where they began, and VTK multiplies every such factor with the
    zoom that there is, so that fingers four times as far apart zoomed forty times, and about a corner of the slice.
    """

    def __init__(self, *, slice_node: Any, **more: Any) -> None:
        super().__init__(**more)
        self._node = slice_node
        self._factor = 1.0  # of the gesture under way, as far as the view knows it

    def on_interaction(self, origin: Any, event: dict[str, Any]) -> None:
        """Take an event of the page."""
        kind = event["type"]
        if kind in _TURNS and self._node is not None:
            return  # fingers that zoom turn a little too, and a slice must stay in its plane
        if kind not in _ZOOMS:
            super().on_interaction(origin, event)
            return
        if kind == "StartPinch":
            self._factor = 1.0
        factor = float(event.get("factor") or self._factor)
        relative, self._factor = factor / self._factor, factor
        if self._node is None:
            super().on_interaction(origin, {**event, "factor": relative})
        elif kind == "Pinch":
            x, y = _middle(event["positions"])
            zoom_slice(self._node, relative, (x * self.scale_factor, y * self.scale_factor))


def zoom_slice(node: Any, factor: float, about: tuple[float, float]) -> None:
    """Enlarge what a slice node shows by ``factor``; the point ``about`` (pixels from the lower left) stays there."""
    view, origin, size = node.GetFieldOfView(), list(node.GetXYZOrigin()), node.GetDimensions()
    smaller = [extent / factor for extent in view[:2]]
    for axis in range(2):
        origin[axis] += (about[axis] / max(size[axis], 1) - 0.5) * (view[axis] - smaller[axis])
    was = node.StartModify()
    try:
        node.SetXYZOrigin(*origin)
        node.SetFieldOfView(*smaller, view[2])
        node.UpdateMatrices()
    finally:
        node.EndModify(was)


def _middle(positions: Mapping[str, Mapping[str, float]]) -> tuple[float, float]:
    places = list(positions.values())
    return sum(place["x"] for place in places) / len(places), sum(place["y"] for place in places) / len(places)
