"""Volumes between a scene and files.

Images go through MRML's own reader and writer, never as arrays: MRML makes left-handed grids right-handed when it reads
them, so an array put into a node by hand can swap left and right without any sign of it.
"""

import re
from pathlib import Path
from typing import Any

import slicer

from crosscontrast.errors import BadInputError, OutputError


def write_volume(node: Any, path: Path, world: bool = False) -> None:
    """Write a scalar volume or label map node to ``path``, leaving the node's own storage as it is.

    By default the node's transform is left out; ``world`` hardens it into the file's geometry (and resamples where it
    is not linear). Raises :class:`OutputError`.
    """
    if world and node.GetParentTransformNode():
        scene = node.GetScene()
        hardened = scene.AddNewNodeByClass(node.GetClassName())
        try:
            hardened.CopyContent(node)
            hardened.SetAndObserveTransformNodeID(node.GetTransformNodeID())
            hardened.HardenTransform()
            write_volume(hardened, path)
        finally:
            scene.RemoveNode(hardened)
        return
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    storage.SetUseCompression(False)
    # The writer reports success for some files that it could not make.
    if not storage.WriteData(node) or not path.exists():
        raise OutputError(f"The volume {node.GetName()} cannot be written to {path}.")


def read_volume(scene: Any, path: Path, name: str, into: Any | None = None) -> Any:
    """Read the image file ``path`` into ``scene`` and return its scalar volume node.

    The node is a new one called ``name``, or ``into``, which keeps its name. Raises :class:`BadInputError` when the
    file cannot be read, and then leaves no new node.
    """
    node = into or scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(name))
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    storage.SetCenterImage(False)
    storage.SetSingleFile(True)
    if not path.exists() or not storage.ReadData(node):
        if node is not into:
            scene.RemoveNode(node)
        raise BadInputError(f"{path} cannot be read as a volume.")
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    return node


def file_name(node: Any, extension: str = ".nrrd") -> str:
    """Make a file name of a node's name, without characters that a file system or a shell minds."""
    return (re.sub(r"[^\w.-]+", "_", node.GetName()).strip("_.") or "volume") + extension


def write_mask(node: Any, reference: Any, path: Path) -> None:
    """Write every segment of a segmentation, or a label map node, to ``path`` in world space; not 0 is inside.

    Segments, hidden ones too, are put on the grid of the volume node ``reference``; a label map keeps its own.
    Raises :class:`BadInputError` for a segmentation without segments.
    """
    if not node.IsA("vtkMRMLSegmentationNode"):
        write_volume(node, path, world=True)
        return
    segments = node.GetSegmentation().GetSegmentIDs()
    if not segments:
        raise BadInputError(f"The segmentation {node.GetName()} has no segments.")
    scene = node.GetScene()
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    try:
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        if not logic.ExportSegmentsToLabelmapNode(node, segments, labels, reference):
            raise BadInputError(
                f"The segmentation {node.GetName()} cannot be put on the grid of {reference.GetName()}."
            )
        write_volume(labels, path, world=True)
    finally:
        display = labels.GetDisplayNode()
        for made in (display and display.GetColorNode(), display, labels):
            if made:
                scene.RemoveNode(made)
