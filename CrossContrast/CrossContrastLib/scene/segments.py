"""Segments between the Segment Editor and soft maps."""

from typing import Any

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.scene.images import as_vtk, ijk_to_ras, make_image_data, voxels
from CrossContrastLib.scene.roles import SOFT_MAP_ROLE

#: Segmentation nodes remember the threshold that they were made at.
THRESHOLD = "CrossContrast.Threshold"
_CORD_COLOUR = (0.22, 0.83, 0.33)


def make_segment(scene: Any, soft: Any, threshold: float, name: str) -> Any:
    """Make a segmentation node with one segment of the voxels of ``soft`` that reach ``threshold``; return the node.

    It lies on the grid of ``soft`` and follows the same transform. An earlier segmentation of the same map is emptied
    and used again.
    """
    node = segmentation_of(scene, soft)
    if node is None:
        node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", scene.GenerateUniqueName(f"{soft.GetName()} segment"))
        node.CreateDefaultDisplayNodes()
        node.SetNodeReferenceID(SOFT_MAP_ROLE, soft.GetID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(soft)
    node.SetAndObserveTransformNodeID(soft.GetTransformNodeID())
    node.SetAttribute(THRESHOLD, repr(threshold))
    if node.GetSegmentation().GetNumberOfSegments() == 0:
        node.GetSegmentation().AddEmptySegment("", name, _CORD_COLOUR)
        display = node.GetDisplayNode()
        display.SetOpacity2DFill(0.0)  # the soft map below it must stay to be seen; the outline is enough
        display.SetOpacity2DOutline(1.0)
    set_segment(node, soft, voxels(soft) >= threshold)
    return node


def segmentation_of(scene: Any, soft: Any) -> Any | None:
    """Return the segmentation node that :func:`make_segment` made of ``soft``, if it is still there."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode")
        if node.GetNodeReferenceID(SOFT_MAP_ROLE) == soft.GetID():
            return node
    return None


def threshold_of(segmentation: Any) -> float:
    """Return the threshold at which :func:`make_segment` made the segmentation."""
    return float(segmentation.GetAttribute(THRESHOLD))


def set_segment(segmentation: Any, soft: Any, inside: np.ndarray) -> None:
    """Replace the first segment by the true voxels of ``inside`` (k, j, i), which lies on the grid of ``soft``."""
    labels = slicer.vtkOrientedImageData()
    labels.ShallowCopy(make_image_data(inside.astype(np.uint8)))
    labels.SetImageToWorldMatrix(as_vtk(ijk_to_ras(soft)))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    segment = segmentation.GetSegmentation().GetNthSegmentID(0)
    if not logic.SetBinaryLabelmapToSegment(labels, segmentation, segment, logic.MODE_REPLACE):
        raise BadInputError(f"The segmentation {segmentation.GetName()} cannot be changed.")


def segment_voxels(segmentation: Any, soft: Any) -> np.ndarray:
    """Return where any segment is, as bool (k, j, i) on the grid of ``soft``; hidden segments count too."""
    inside = np.zeros(voxels(soft).shape, dtype=bool)
    for number in range(segmentation.GetSegmentation().GetNumberOfSegments()):
        inside |= _one_segment(segmentation, segmentation.GetSegmentation().GetNthSegmentID(number), soft)
    return inside


def _one_segment(segmentation: Any, segment: str, soft: Any) -> np.ndarray:
    labels = slicer.vtkOrientedImageData()
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    if not logic.GetSegmentBinaryLabelmapRepresentation(segmentation, segment, labels, False) or labels.IsEmpty():
        return np.zeros(voxels(soft).shape, dtype=bool)
    grid = slicer.vtkOrientedImageData()
    grid.SetDimensions(soft.GetImageData().GetDimensions())
    grid.SetImageToWorldMatrix(as_vtk(ijk_to_ras(soft)))
    placed = slicer.vtkOrientedImageData()
    resample = slicer.vtkOrientedImageDataResample
    if not resample.ResampleOrientedImageToReferenceOrientedImage(labels, grid, placed, False, False):
        raise BadInputError(f"The segmentation {segmentation.GetName()} cannot be put on the grid of {soft.GetName()}.")
    found: np.ndarray = vtk_to_numpy(placed.GetPointData().GetScalars()) > 0
    return found.reshape(placed.GetDimensions()[::-1])
