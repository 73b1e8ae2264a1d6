"""Marking a point in the slice views."""

from collections.abc import Callable
from typing import Any

import slicer


class Marker:
    """One point that a reader sets by a click and can drag; ``changed`` gets its place (RAS, mm)."""

    def __init__(self, scene: Any, changed: Callable[[list[float]], None]) -> None:
        self._scene = scene
        self._changed = changed
        self.node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "mark")
        self.node.CreateDefaultDisplayNodes()
        self.node.SetMaximumNumberOfControlPoints(1)
        self._tags = [
            self.node.AddObserver(event, self._tell)
            for event in (self.node.PointPositionDefinedEvent, self.node.PointEndInteractionEvent)
        ]

    def begin(self) -> None:
        """Let the next click in a slice view set the point, instead of the one that was set before."""
        self.node.RemoveAllControlPoints()
        selection = self._singleton("vtkMRMLSelectionNode")
        selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsFiducialNode")
        selection.SetActivePlaceNodeID(self.node.GetID())
        interaction = self._singleton("vtkMRMLInteractionNode")
        interaction.SetPlaceModePersistence(0)
        interaction.SetCurrentInteractionMode(slicer.vtkMRMLInteractionNode.Place)

    def close(self) -> None:
        """Take the point away."""
        for tag in self._tags:
            self.node.RemoveObserver(tag)
        self._tags = []
        if self._scene.IsNodePresent(self.node):
            self._scene.RemoveNode(self.node.GetDisplayNode())
            self._scene.RemoveNode(self.node)

    def _singleton(self, name: str) -> Any:
        return self._scene.GetFirstNodeByClass(name) or self._scene.AddNewNodeByClass(name)

    def _tell(self, *_event: Any) -> None:
        if self.node.GetNumberOfDefinedControlPoints():
            place = [0.0] * 3
            self.node.GetNthControlPointPositionWorld(0, place)
            self._changed([round(part, 3) for part in place])
