"""Points that a person sets in the views: here is the cord, there it ends. They are markups nodes of the volume."""

from collections.abc import Callable
from typing import Any

from crosscontrast.scene.hierarchy import put_beside

Point = tuple[float, float, float]

#: Kinds of marks: in the cord, in a slice in which it ends, and where a correction goes on.
HERE, ENDS, ON = "CrossContrast.CordHere", "CrossContrast.CordEnds", "CrossContrast.CordGoesOn"
_COLOURS = {HERE: (0.25, 0.85, 1.0), ENDS: (1.0, 0.55, 0.1), ON: (0.25, 0.85, 1.0)}
_CLASS = "vtkMRMLMarkupsFiducialNode"
_SIZE = 1.5


def marks_of(volume: Any, kind: str) -> Any | None:
    """Return the node with the marks of one kind on a volume; ``None`` without any."""
    return volume.GetNodeReference(kind) if volume is not None else None


def make_marks(volume: Any, kind: str, name: str) -> Any:
    """Return the node that takes marks of one kind on a volume; it is called ``name`` where it is made."""
    node = marks_of(volume, kind)
    if node is None:
        scene = volume.GetScene()
        node = scene.AddNewNodeByClass(_CLASS, scene.GenerateUniqueName(f"{volume.GetName()} {name}"))
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetSelectedColor(*_COLOURS[kind])
        display.SetGlyphScale(_SIZE)
        display.SetPointLabelsVisibility(False)
        put_beside(node, volume)
        volume.SetNodeReferenceID(kind, node.GetID())
    return node


def points_of(volume: Any, kind: str) -> tuple[Point, ...]:
    """Return the marks of one kind on a volume in mm (RAS), without the transform of the volume."""
    node = marks_of(volume, kind)
    if node is None:
        return ()
    numbers = range(node.GetNumberOfControlPoints())
    defined = (n for n in numbers if node.GetNthControlPointPositionStatus(n) == node.PositionDefined)
    return tuple(_local(volume, node.GetNthControlPointPositionWorld(number)) for number in defined)


def clear_marks(volume: Any, *kinds: str) -> None:
    """Take marks away."""
    for kind in kinds:
        node = marks_of(volume, kind)
        if node is not None:
            volume.SetNodeReferenceID(kind, None)
            node.GetScene().RemoveNode(node)


class Placing:
    """Lets the next click in any view set a mark; ``changed`` is called when that begins and ends."""

    def __init__(self, scene: Any, changed: Callable[[], None]) -> None:
        self._scene, self._changed = scene, changed
        self._node: Any = None
        self._tag: Any = None

    @property
    def node(self) -> Any | None:
        """The node that gets the next click."""
        mode = self._mode()
        placing = mode is not None and mode.GetCurrentInteractionMode() == mode.Place
        return self._node if placing else None

    def begin(self, node: Any) -> None:
        """Let the next click set a mark of ``node``."""
        selection, mode = self._scene.GetFirstNodeByClass("vtkMRMLSelectionNode"), self._mode()
        if selection is None or mode is None:
            return
        self._node = node
        self.follow()
        selection.SetReferenceActivePlaceNodeClassName(_CLASS)
        selection.SetActivePlaceNodeID(node.GetID())
        mode.SetPlaceModePersistence(0)
        mode.SetCurrentInteractionMode(mode.Place)

    def end(self) -> None:
        """Let clicks do what they did before."""
        mode = self._mode()
        if self.node is not None and mode is not None:
            mode.SetCurrentInteractionMode(mode.ViewTransform)

    def follow(self) -> None:
        """Tell of the mode from now on."""
        mode = self._mode()
        if mode is not None and self._tag is None:
            self._tag = mode, mode.AddObserver(mode.InteractionModeChangedEvent, lambda *_: self._changed())

    def close(self) -> None:
        """Tell no more."""
        self.end()
        if self._tag:
            mode, tag = self._tag
            mode.RemoveObserver(tag)
        self._node = self._tag = None

    def _mode(self) -> Any | None:
        return self._scene.GetFirstNodeByClass("vtkMRMLInteractionNode")


def _local(volume: Any, place: Any) -> Point:
    local = [0.0, 0.0, 0.0]
    volume.TransformPointFromWorld(list(place), local)
    return local[0], local[1], local[2]
