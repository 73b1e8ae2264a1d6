"""What a segmentation leaves, brought into the scene: the soft map, where it came from, how sure it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from CrossContrastLib.scene.colours import soft_table
from CrossContrastLib.scene.soft_map import SOFT_MAP, mark_soft_map
from CrossContrastLib.scene.volumes import read_volume

if TYPE_CHECKING:
    from CrossContrastLib.ground.provenance import Provenance

#: References of a soft map: the volume that it was made from, and the map of its standard deviation.
SOURCE_ROLE, UNCERTAINTY_ROLE = "CrossContrast.Source", "CrossContrast.Uncertainty"
#: Attribute of a soft map: the provenance that the job wrote, as JSON.
PROVENANCE = "CrossContrast.Provenance"
#: A standard deviation of values from 0 to 1 is at most this.
_MOST_UNCERTAIN = 0.5


def load_soft_map(
    scene: Any, softseg: Path, name: str, source: Any | None, *, sidecar: Path | None = None, spread: Path | None = None
) -> Any:
    """Load a soft map and return its node; ``source``, the volume that it was made from, may be gone.

    ``sidecar`` is the provenance and ``spread`` the map of uncertainty, where there are any.
    """
    soft = read_volume(scene, softseg, name)
    mark_soft_map(soft)
    if sidecar and sidecar.exists():
        soft.SetAttribute(PROVENANCE, sidecar.read_text(encoding="utf-8"))
    if source is not None:
        soft.SetNodeReferenceID(SOURCE_ROLE, source.GetID())
        soft.SetAndObserveTransformNodeID(source.GetTransformNodeID())
    if spread and spread.exists():
        soft.SetNodeReferenceID(UNCERTAINTY_ROLE, _load_uncertainty(scene, spread, soft).GetID())
    return soft


def soft_maps(scene: Any) -> list[Any]:
    """Return the soft maps of the scene in the order in which they came."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    nodes = (scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode") for index in range(count))
    return [node for node in nodes if node.GetAttribute(SOFT_MAP) == "1"]


def source_of(soft: Any) -> Any | None:
    """Return the volume that a soft map was made from, if it is still there."""
    return soft.GetNodeReference(SOURCE_ROLE)


def uncertainty_of(soft: Any) -> Any | None:
    """Return the map of a soft map's standard deviation, if it was asked for and is still there."""
    return soft.GetNodeReference(UNCERTAINTY_ROLE)


def provenance_of(soft: Any) -> "Provenance | None":
    """Return what made a soft map, as far as it is known."""
    from CrossContrastLib.ground.provenance import Provenance

    text = soft.GetAttribute(PROVENANCE)
    return Provenance.model_validate_json(text) if text else None


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
    return node
