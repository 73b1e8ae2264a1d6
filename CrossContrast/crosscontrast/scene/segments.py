"""Segments between the Segment Editor and soft maps."""

from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from crosscontrast.corrections.boxes import Box, box_of, placed
from crosscontrast.errors import BadInputError
from crosscontrast.scene.hierarchy import put_beside
from crosscontrast.scene.images import as_vtk, ijk_to_ras, make_image_data, voxels
from crosscontrast.scene.roles import SOFT_MAP_ROLE

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
        put_beside(node, soft)
    # The transform first: the geometry is taken relative to it, and would else count it twice.
    node.SetAndObserveTransformNodeID(soft.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(soft)
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


def set_segment(segmentation: Any, soft: Any, inside: np.ndarray) -> None:
    """Replace the first segment by the true voxels of ``inside`` (k, j, i), which lies on the grid of ``soft``."""
    set_segment_part(
        segmentation, soft, inside, (slice(0, inside.shape[0]), slice(0, inside.shape[1]), slice(0, inside.shape[2]))
    )


def set_segment_part(segmentation: Any, soft: Any, inside: np.ndarray, region: Box) -> None:
    """Replace the first segment by the true voxels of ``inside``, the part ``region`` of the grid of ``soft``."""
    box = box_of(inside) or (slice(0, 1),) * 3
    labels = slicer.vtkOrientedImageData()
    data = make_image_data(inside[box].astype(np.uint8))
    data.SetExtent([end for side in reversed(placed(box, region)) for end in (side.start, side.stop - 1)])
    labels.ShallowCopy(data)
    labels.SetImageToWorldMatrix(as_vtk(ijk_to_ras(soft)))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    segment = segmentation.GetSegmentation().GetNthSegmentID(0)
    if not logic.SetBinaryLabelmapToSegment(labels, segmentation, segment, logic.MODE_REPLACE):
        raise BadInputError(f"The segmentation {segmentation.GetName()} cannot be changed.")


def segment_voxels(segmentation: Any, soft: Any) -> np.ndarray:
    """Return where any segment is, as bool (k, j, i) on the grid of ``soft``; hidden segments count too."""
    inside = np.zeros(voxels(soft).shape, dtype=bool)
    for box, part in segment_parts(segmentation, soft):
        inside[box] |= part
    return inside


def segment_parts(segmentation: Any, soft: Any) -> list[tuple[Box, np.ndarray]]:
    """Return each segment as bool (k, j, i) on the part of the grid of ``soft`` that it occupies, but empty ones."""
    ids = segmentation.GetSegmentation().GetSegmentIDs()
    parts = (_one_segment(segmentation, segment, soft) for segment in ids)
    return [part for part in parts if part is not None]


def _one_segment(segmentation: Any, segment: str, soft: Any) -> tuple[Box, np.ndarray] | None:
    labels = slicer.vtkOrientedImageData()
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    if not logic.GetSegmentBinaryLabelmapRepresentation(segmentation, segment, labels, False) or labels.IsEmpty():
        return None
    if not _lies_on(labels, soft):
        labels = _put_on(labels, soft, segmentation.GetName())
    extent = np.array(labels.GetExtent()).reshape(3, 2)[::-1]
    values = vtk_to_numpy(labels.GetPointData().GetScalars()).reshape(labels.GetDimensions()[::-1]) > 0
    # What was painted beyond the border of the image has no voxel there.
    low, high = np.maximum(extent[:, 0], 0), np.minimum(extent[:, 1] + 1, voxels(soft).shape)
    if (low >= high).any():
        return None
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    own = tuple(slice(int(a - e), int(b - e)) for a, b, e in zip(low, high, extent[:, 0], strict=True))
    return (k, j, i), values[own]


def _lies_on(labels: Any, soft: Any) -> bool:
    """Whether voxel indices of a label map are those of ``soft``, as they are until somebody changes the geometry."""
    matrix = vtk.vtkMatrix4x4()
    labels.GetImageToWorldMatrix(matrix)
    found = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    return bool(np.allclose(found, ijk_to_ras(soft), rtol=0, atol=1e-6))


def _put_on(labels: Any, soft: Any, name: str) -> Any:
    grid = slicer.vtkOrientedImageData()
    grid.SetDimensions(soft.GetImageData().GetDimensions())
    grid.SetImageToWorldMatrix(as_vtk(ijk_to_ras(soft)))
    moved = slicer.vtkOrientedImageData()
    resample = slicer.vtkOrientedImageDataResample
    if not resample.ResampleOrientedImageToReferenceOrientedImage(labels, grid, moved, False, False):
        raise BadInputError(f"The segmentation {name} cannot be put on the grid of {soft.GetName()}.")
    return moved
