"""What a segmentation leaves, brought into the scene: the soft map, where it came from, how sure it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer

from crosscontrast.scene.colours import soft_table
from crosscontrast.scene.hierarchy import put_beside
from crosscontrast.scene.roles import PREDICTED_ROLE, SOFT_MAP_ROLE
from crosscontrast.scene.soft_map import is_soft_map, mark_soft_map
from crosscontrast.scene.volumes import read_volume

if TYPE_CHECKING:
    from crosscontrast.ground.provenance import ModelRecord

#: References of a soft map: the volume that it was made from, and the map of its standard deviation.
SOURCE_ROLE, UNCERTAINTY_ROLE = "CrossContrast.Source", "CrossContrast.Uncertainty"
#: Attributes of a soft map: the model that made it, as JSON, and the case of a correction dataset that it belongs to,
#: with the revision that it was loaded as.
_MODEL, _CASE, _BASE = "CrossContrast.Model", "CrossContrast.Case", "CrossContrast.Revision"
#: A standard deviation of values from 0 to 1 is at most this.
_MOST_UNCERTAIN = 0.5


def load_soft_map(
    scene: Any,
    softseg: Path,
    name: str,
    source: Any | None,
    *,
    model: "ModelRecord | None" = None,
    spread: Path | None = None,
) -> Any:
    """Load a soft map and return its node; ``source``, the volume that it was made from, may be gone.

    ``model`` is what made it and ``spread`` the map of uncertainty, where they are known.
    """
    soft = read_volume(scene, softseg, name)
    mark_soft_map(soft)
    if model:
        soft.SetAttribute(_MODEL, model.model_dump_json())
    if source is not None:
        soft.SetNodeReferenceID(SOURCE_ROLE, source.GetID())
        soft.SetAndObserveTransformNodeID(source.GetTransformNodeID())
        put_beside(soft, source)
    if spread and spread.exists():
        soft.SetNodeReferenceID(UNCERTAINTY_ROLE, _load_uncertainty(scene, spread, soft).GetID())
    return soft


def load_image(scene: Any, path: Path) -> Any:
    """Load an image from its file, which the node remembers, and return its node."""
    name = path.name.split(".")[0]
    node = read_volume(scene, path, name)
    storage = scene.AddNode(slicer.vtkMRMLVolumeArchetypeStorageNode())
    storage.SetFileName(str(path))
    node.SetAndObserveStorageNodeID(storage.GetID())
    return node


def set_case(soft: Any, case: str, revision: int) -> None:
    """Remember the case of a correction dataset that a soft map belongs to, and the revision that it is."""
    soft.SetAttribute(_CASE, case)
    soft.SetAttribute(_BASE, str(revision))


def case_of(soft: Any) -> tuple[str, int]:
    """Return the case and the revision; an empty name for a map of no dataset."""
    return soft.GetAttribute(_CASE) or "", int(soft.GetAttribute(_BASE) or 0)


def remove_soft_map(scene: Any, soft: Any, with_source: bool = False) -> None:
    """Remove a soft map, all that was made of it (segment, table, difference...) and, if asked, its source."""
    roles: list[str] = []
    soft.GetNodeReferenceRoles(roles)
    kept = {"display", "storage", "transform"} | (set() if with_source else {SOURCE_ROLE})
    related = [soft.GetNodeReference(role) for role in roles if role not in kept]
    count = scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    segmentations = [scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode") for index in range(count)]
    related += [node for node in segmentations if node.GetNodeReference(SOFT_MAP_ROLE) is soft]
    for node in [*related, soft]:
        if node is not None:
            scene.RemoveNode(node)


def soft_maps(scene: Any) -> list[Any]:
    """Return the soft maps of the scene in the order in which they came."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    nodes = (scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode") for index in range(count))
    return [node for node in nodes if is_soft_map(node)]


def of_soft_maps(scene: Any) -> list[Any]:
    """Return the soft maps of the scene with the volumes that say more of them: no images to work on."""
    found = []
    for soft in soft_maps(scene):
        further = (soft.GetNodeReference(PREDICTED_ROLE), uncertainty_of(soft))
        found += [soft, *(node for node in further if node is not None)]
    return found


def first_image(scene: Any) -> Any | None:
    """Return the first volume of the scene that is an image."""
    maps = of_soft_maps(scene)
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    nodes = (scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode") for index in range(count))
    return next((n for n in nodes if not n.IsA("vtkMRMLLabelMapVolumeNode") and n not in maps), None)


def source_of(soft: Any) -> Any | None:
    """Return the volume that a soft map was made from, if it is still there."""
    return soft.GetNodeReference(SOURCE_ROLE)


def uncertainty_of(soft: Any) -> Any | None:
    """Return the map of a soft map's standard deviation, if it was asked for and is still there."""
    return soft.GetNodeReference(UNCERTAINTY_ROLE)


def model_of(soft: Any) -> "ModelRecord | None":
    """Return the model that made a soft map, as far as it is known."""
    from crosscontrast.ground.provenance import ModelRecord

    text = soft.GetAttribute(_MODEL)
    return ModelRecord.model_validate_json(text) if text else None


def _load_uncertainty(scene: Any, path: Path, soft: Any) -> Any:
    node = read_volume(scene, path, f"{soft.GetName()} uncertainty")
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(soft_table(scene, "ice").GetID())
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, _MOST_UNCERTAIN)
    display.AutoThresholdOff()
    display.SetThreshold(0.02, _MOST_UNCERTAIN)
    display.ApplyThresholdOn()
    node.SetAndObserveTransformNodeID(soft.GetTransformNodeID())
    put_beside(node, soft)
    return node
