"""The image that a soft map was made from, and whether the two still belong together."""

from pathlib import Path
from typing import Any

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.scene.images import file_of, ijk_to_ras, same_voxels
from crosscontrast.scene.results import source_of, uncertainty_of
from crosscontrast.scene.roles import PREDICTED_ROLE
from crosscontrast.scene.soft_map import is_soft_map
from crosscontrast.scene.volumes import file_name, write_volume

#: Reference of a soft map to the sequence that holds its image, and attribute with the index value of its item.
_SEQUENCE_ROLE, _ITEM = "CrossContrast.Sequence", "CrossContrast.Item"
#: The same place may differ by this many mm.
_SAME = 1e-2


def item_shown_in(volume: Any) -> tuple[Any | None, str]:
    """Return the sequence that is played in a volume node, and the index value of the item that it shows now."""
    scene = volume.GetScene()
    for number in range(scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")):
        browser = scene.GetNthNodeByClass(number, "vtkMRMLSequenceBrowserNode")
        sequence = browser.GetSequenceNode(volume)
        if sequence is not None:
            return sequence, str(browser.GetMasterSequenceNode().GetNthIndexValue(browser.GetSelectedItemNumber()))
    return None, ""


def remember_item(soft: Any, sequence: Any, item: str) -> None:
    """Let a soft map remember that its image is the item with the index value ``item`` of a sequence.

    The volume in which the sequence is played, its source, shows other items too.
    """
    soft.SetNodeReferenceID(_SEQUENCE_ROLE, sequence.GetID())
    soft.SetAttribute(_ITEM, item)


def image_of_map(soft: Any) -> Any | None:
    """Return the volume node that holds the image of a soft map; of a sequence it is the item's own, outside the scene.

    ``None`` where the image is gone.
    """
    item = soft.GetAttribute(_ITEM)
    if item is None:
        return source_of(soft)
    sequence = sequence_of(soft)
    return sequence.GetDataNodeAtValue(item) if sequence is not None else None


def sequence_of(soft: Any) -> Any | None:
    """Return the sequence that holds the image of a soft map; ``None`` where the image is a volume of its own."""
    return soft.GetNodeReference(_SEQUENCE_ROLE)


def follow_image(soft: Any) -> None:
    """Let a soft map, its prediction and its uncertainty lie under the transform that its image got since.

    The map was made of the image's voxels, without any transform, so it is where the image is.
    """
    shown = source_of(soft)
    if shown is None or not same_voxels(shown, soft):
        return
    for node in (soft, soft.GetNodeReference(PREDICTED_ROLE), uncertainty_of(soft)):
        if node is not None:
            node.SetAndObserveTransformNodeID(shown.GetTransformNodeID())


def why_not_together(soft: Any) -> str:
    """Say why a soft map must not be stored with its image; empty where it may.

    The image must be there and no soft map itself, it must be the one that is shown where a sequence is played, and
    both must have the same voxels at the same places, before and after their transforms.
    """
    image, name = image_of_map(soft), soft.GetName()
    if image is None:
        return f"The image that {name} was made of is not in the scene any more."
    if is_soft_map(image):
        return f"{image.GetName()}, which {name} was made of, is a soft map and no image."
    shown = source_of(soft)
    other = _other_item(soft, shown)
    if shown is not None and other:
        return f"{shown.GetName()} shows {other}, and {name} belongs to {soft.GetAttribute(_ITEM)}: go to that one."
    if not same_voxels(image, soft):
        return f"{image.GetName()} and {name} do not have the same voxels any more: one was moved or resampled."
    if shown is not None and np.abs(_corners_in_world(shown, soft) - _corners_in_world(soft, soft)).max() > _SAME:
        return f"{shown.GetName()} and {name} are not shown at the same place: give both the same transform."
    return ""


def file_of_image(soft: Any, folder: Path) -> Path:
    """Return the file of a soft map's image, which is written to ``folder`` where the image is none.

    Raises :class:`BadInputError` where image and map do not belong together.
    """
    reason, image = why_not_together(soft), image_of_map(soft)
    if reason or image is None:
        raise BadInputError(reason)
    path = file_of(image)
    if path is None:
        path = folder / _name_for(soft, image)
        write_volume(image, path)
    return path


def _name_for(soft: Any, image: Any) -> str:
    """Items of a sequence are called alike; each becomes a case of its own."""
    item = soft.GetAttribute(_ITEM)
    stem = file_name(image, "")
    return f"{stem}_{''.join(c for c in item if c.isalnum())}.nrrd" if item else f"{stem}.nrrd"


def _other_item(soft: Any, shown: Any) -> str:
    """Return the index value that the volume ``shown`` shows instead of the map's own, empty where it is that one."""
    item = soft.GetAttribute(_ITEM)
    if shown is None or item is None:
        return ""
    sequence, value = item_shown_in(shown)
    return value if sequence is not None and value != item else ""


def _corners_in_world(node: Any, grid: Any) -> np.ndarray:
    """Return where the transform of ``node`` puts the corners of the voxels of ``grid``, in mm (RAS)."""
    ends = [(0, count - 1) for count in grid.GetImageData().GetDimensions()]
    corners = np.array(np.meshgrid(*ends, [1])).reshape(4, -1)
    places = (ijk_to_ras(grid) @ corners)[:3].T
    moved = np.zeros_like(places)
    for place, world in zip(places, moved, strict=True):
        node.TransformPointToWorld(place.tolist(), world)
    return moved
