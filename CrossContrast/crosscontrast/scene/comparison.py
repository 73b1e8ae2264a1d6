"""Volumes of one patient beside and over each other in the slice views."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import SimpleITK as sitk
import slicer

from crosscontrast.scene.colours import label_table, soft_table
from crosscontrast.scene.images import add_volume, image_of, voxels
from crosscontrast.scene.legend import show_legend
from crosscontrast.scene.volumes import read_volume

#: From a translation to the map of its error.
_ERROR_ROLE = "CrossContrast.Error"

#: Of classes; they stay apart for colour-blind readers (Okabe and Ito).
_COLOURS = ((0.84, 0.37, 0.0), (0.0, 0.45, 0.70), (0.0, 0.62, 0.45), (0.80, 0.47, 0.65), (0.90, 0.62, 0.0))
#: A layout of our own, because Slicer has none of three slice views beside each other.
_THREE_SLICES = 2947
_COLUMN = '<item><view class="vtkMRMLSliceNode" singletontag="{name}"/></item>'
_THREE_VIEWS = ("Red", "Yellow", "Green")


def slice_views(scene: Any) -> list[Any]:
    """Return the composite nodes of the slice views in the scene's order."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode") for index in range(count)]


def show_side_by_side(scene: Any, volumes: Sequence[Any]) -> list[str]:
    """Show two or three volumes each in a slice view of its own, linked and turned alike; return the views' names.

    The layout becomes that of two or three slices, and its views are the ones that get the volumes, from the left.
    Where the scene has no layout, as without Slicer's window, its first views do.
    """
    names = _lay_out(scene, len(volumes))
    views = {view.GetLayoutName(): view for view in slice_views(scene)}
    shown = list(zip(names or views, volumes, strict=False))
    for name, volume in shown:
        view = views[name]
        view.SetBackgroundVolumeID(volume.GetID())
        view.SetForegroundVolumeID(None)
        view.SetLinkedControl(True)
        plane = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if plane is not None:
            plane.SetOrientationToAxial()
    return [name for name, _ in shown]


def show_error_map(scene: Any, path: Path, translation: Any, target: Any) -> Any:
    """Load an error map and show it beside the translation and the real image; return its node.

    Another one of the same translation is replaced. The brightest colour is the 99th percentile of what is not 0.
    """
    node = translation.GetNodeReference(_ERROR_ROLE)
    if node is None:
        node = read_volume(scene, path, f"{translation.GetName()} error")
        translation.SetNodeReferenceID(_ERROR_ROLE, node.GetID())
    else:
        read_volume(scene, path, "", node)
    values = voxels(node)
    most = float(np.percentile(values[values > 0], 99)) if (values > 0).any() else 1.0
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(soft_table(scene, "fire").GetID())
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, most)
    shown = show_side_by_side(scene, [translation, target, node])
    legend = show_legend(node, "error")
    plane = scene.GetSingletonNode(shown[-1], "vtkMRMLSliceNode")
    if legend is not None and plane is not None:
        legend.RemoveAllViewNodeIDs()
        legend.AddViewNodeID(plane.GetID())
    return node


def show_alone(scene: Any, volume: Any) -> None:
    """Show ``volume``, and nothing over it, in all slice views."""
    for view in slice_views(scene):
        view.SetBackgroundVolumeID(volume.GetID())
        view.SetForegroundVolumeID(None)


def _lay_out(scene: Any, count: int) -> list[str]:
    """Choose the layout of ``count`` slice views; return their names from the left, empty without a layout node."""
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is None:
        return []
    wanted = slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
    if count > 2:
        wanted = _THREE_SLICES
        if not layout.IsLayoutDescription(wanted):
            columns = "".join(_COLUMN.format(name=name) for name in _THREE_VIEWS)
            layout.AddLayoutDescription(wanted, f'<layout type="horizontal">{columns}</layout>')
    layout.SetViewArrangement(wanted)
    found = ElementTree.fromstring(layout.GetLayoutDescription(wanted)).iter("view")
    return [view.attrib["singletontag"] for view in found if view.get("class") == "vtkMRMLSliceNode"]


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


def import_label_map(scene: Any, volume: Any, name: str, names: Sequence[str] = ()) -> Any:
    """Make a segmentation node ``name`` of a label map's scalar volume node, which is removed from the scene.

    ``names`` are what the labels 1, 2, ... stand for; segments without one are called after their number.
    """
    # Without a transform: the segmentation gets it, and would else have it twice.
    image = sitk.Cast(image_of(volume), sitk.sitkInt16)
    labels = add_volume(scene, image, f"{name} labels", "vtkMRMLLabelMapVolumeNode")
    if names:
        entries = [(text, _COLOURS[number % len(_COLOURS)]) for number, text in enumerate(names)]
        table = label_table(scene, f"CrossContrast {', '.join(names)}", entries)
        labels.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    segmentation.CreateDefaultDisplayNodes()
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, segmentation)
    segmentation.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    scene.RemoveNode(labels)
    scene.RemoveNode(volume)
    return segmentation
