"""Where the slice views look when a cord is corrected: at the cord, large across it and beside that along it."""

from collections.abc import Sequence
from typing import Any

#: A layout of our own: the axial view, which is corrected in, is nearly twice as wide as the sagittal one.
_LAYOUT = 2948
_VIEW = (
    '<item splitSize="{share}"><view class="vtkMRMLSliceNode" singletontag="{name}">'
    '<property name="orientation" action="default">{orientation}</property>'
    '<property name="viewlabel" action="default">{letter}</property>'
    '<property name="viewcolor" action="default">{colour}</property></view></item>'
)
_VIEWS = (
    _VIEW.format(share=640, name="Red", orientation="Axial", letter="R", colour="#F34A33"),
    _VIEW.format(share=360, name="Yellow", orientation="Sagittal", letter="Y", colour="#EDD54C"),
)
ACROSS, ALONG = "Red", "Yellow"
#: How much (mm) the views show: across the cord, and along it at least and at most.
_ACROSS_MM, _LEAST_MM, _MOST_MM = 50.0, 60.0, 300.0


def lay_out(scene: Any) -> None:
    """Choose the layout for corrections, with its views linked; nothing where the scene has no layout."""
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is None:
        return
    if not layout.IsLayoutDescription(_LAYOUT):
        layout.AddLayoutDescription(_LAYOUT, f'<layout type="horizontal" split="true">{"".join(_VIEWS)}</layout>')
    layout.SetViewArrangement(_LAYOUT)
    for name in (ACROSS, ALONG):
        view = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
        if view is not None:
            view.SetLinkedControl(True)


def is_laid_out(scene: Any) -> bool:
    """Whether the layout for corrections is the current one."""
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    return layout is not None and layout.GetViewArrangement() == _LAYOUT


def turn_to(scene: Any, volume: Any) -> None:
    """Turn the slice views to the axes of a volume, so that each shows one of its slices and nothing in between."""
    for node in _slices(scene):
        node.RotateToVolumePlane(volume)


def look_at(scene: Any, place: Sequence[float]) -> None:
    """Let all slice views go to a place (RAS, mm, in the world) and have it in their middle."""
    for node in _slices(scene):
        node.JumpSliceByCentering(*place)


def zoom_to(scene: Any, place: Sequence[float], length: float) -> None:
    """Show a cord of ``length`` mm as large as it fits, about a place (RAS, mm, in the world)."""
    look_at(scene, place)
    for node in _slices(scene):
        columns, rows, _ = node.GetDimensions()
        size = _ACROSS_MM if node.GetLayoutName() == ACROSS else min(max(1.2 * length, _LEAST_MM), _MOST_MM)
        pixel = size / max(min(columns, rows) if node.GetLayoutName() == ACROSS else rows, 1)
        node.SetFieldOfView(pixel * max(columns, 1), pixel * max(rows, 1), node.GetFieldOfView()[2])
        node.UpdateMatrices()


def _slices(scene: Any) -> list[Any]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")
    return [scene.GetNthNodeByClass(number, "vtkMRMLSliceNode") for number in range(count)]
