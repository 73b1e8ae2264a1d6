"""Slice views that move together: the same plane, the same place in it and the same scale, by position in mm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import vtk

_MODIFIED = "ModifiedEvent"


@dataclass(frozen=True)
class _Place:
    """Where a view looks: its plane, the middle of the view in it, and how large a pixel is and how thick a slice."""

    plane: Any
    middle: tuple[float, float, float]
    pixel: tuple[float, float]
    depth: float


class LinkedSlices:
    """Links slice nodes (``vtkMRMLSliceNode``): whichever is moved, zoomed or turned, the others follow.

    What is shared is the plane in RAS and the middle and scale of the view in mm, so it does not matter on which grids
    the volumes lie or how large the views are. At first all go where the first is.
    """

    def __init__(self, nodes: Sequence[Any]) -> None:
        self._nodes = list(nodes)
        self._moving = False
        self._tags = [
            (node, node.AddObserver(_MODIFIED, lambda leader, _event: self.lead(leader))) for node in self._nodes
        ]
        self.lead(self._nodes[0])

    def release(self) -> None:
        """Let every view go its own way again."""
        for node, tag in self._tags:
            node.RemoveObserver(tag)
        self._tags = []

    def lead(self, leader: Any) -> None:
        """Put all views where the slice node ``leader`` is."""
        if self._moving:
            return
        place = _place_of(leader)
        self._moving = True
        try:
            for node in self._nodes:
                if node is not leader:
                    _put(node, place)
        finally:
            self._moving = False


def _place_of(node: Any) -> _Place:
    plane = vtk.vtkMatrix4x4()
    plane.DeepCopy(node.GetSliceToRAS())
    (width, height, depth), (columns, rows) = node.GetFieldOfView(), _size(node)
    return _Place(plane, node.GetXYZOrigin(), (width / columns, height / rows), depth)


def _put(node: Any, place: _Place) -> None:
    columns, rows = _size(node)
    was = node.StartModify()
    try:
        node.GetSliceToRAS().DeepCopy(place.plane)
        node.SetXYZOrigin(*place.middle)
        node.SetFieldOfView(place.pixel[0] * columns, place.pixel[1] * rows, place.depth)
        node.UpdateMatrices()
    finally:
        node.EndModify(was)


def _size(node: Any) -> tuple[int, int]:
    columns, rows, _ = node.GetDimensions()
    return max(columns, 1), max(rows, 1)
