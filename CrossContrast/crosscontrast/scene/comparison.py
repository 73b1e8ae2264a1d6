"""Volumes of one patient beside and over each other in the slice views."""

from collections.abc import Sequence
from typing import Any

import slicer

#: vtkMRMLLayoutNode's layouts of two and of three slice views.
_SIDE_BY_SIDE, _THREE_SLICES = 29, 21


def slice_views(scene: Any) -> list[Any]:
    """Return the composite nodes of the slice views in the scene's order."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode") for index in range(count)]


def show_side_by_side(scene: Any, volumes: Sequence[Any]) -> None:
    """Show up to three volumes each in a slice view of its own; the views are linked and turned alike.

    Views of which there are more than volumes stay as they are. The layout becomes that of two or three slices.
    """
    for view, volume in zip(slice_views(scene), volumes, strict=False):
        view.SetBackgroundVolumeID(volume.GetID())
        view.SetForegroundVolumeID(None)
        view.SetLinkedControl(True)
    slices = [
        scene.GetNthNodeByClass(index, "vtkMRMLSliceNode")
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceNode"))
    ]
    for node in slices[: len(volumes)]:
        node.SetOrientationToAxial()
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout:
        layout.SetViewArrangement(_SIDE_BY_SIDE if len(volumes) == 2 else _THREE_SLICES)


def set_overlay(scene: Any, background: Any, foreground: Any, opacity: float) -> None:
    """Show ``foreground`` over ``background`` with this opacity in all slice views."""
    for view in slice_views(scene):
        view.SetBackgroundVolumeID(background.GetID() if background else None)
        view.SetForegroundVolumeID(foreground.GetID())
        view.SetForegroundOpacity(opacity)


def set_overlay_opacity(scene: Any, foreground: Any, opacity: float) -> None:
    """Change the opacity in those slice views that show ``foreground`` as their foreground."""
    for view in slice_views(scene):
        if view.GetForegroundVolumeID() == foreground.GetID():
            view.SetForegroundOpacity(opacity)


def import_label_map(scene: Any, volume: Any, name: str) -> Any:
    """Make a segmentation node ``name`` of a label map's scalar volume node, which is removed from the scene."""
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", f"{name} labels")
    slicer.vtkSlicerVolumesLogic().CreateLabelVolumeFromVolume(scene, labels, volume)
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    segmentation.CreateDefaultDisplayNodes()
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, segmentation)
    segmentation.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    scene.RemoveNode(labels)
    scene.RemoveNode(volume)
    return segmentation
