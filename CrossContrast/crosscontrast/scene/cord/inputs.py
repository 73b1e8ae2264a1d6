"""The volumes of a patient as files for a job, from volumes and from sequences of volumes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosscontrast.errors import BadInputError
from crosscontrast.scene.soft_map import is_soft_map
from crosscontrast.scene.sources import item_shown_in
from crosscontrast.scene.volumes import file_name, write_volume

SEQUENCE, VOLUME = "vtkMRMLSequenceNode", "vtkMRMLScalarVolumeNode"


@dataclass(frozen=True)
class InputVolume:
    """One volume that a job gets: its name for the user, its file, and the node that shows it (empty: none does).

    An item of a sequence also has the sequence's node and its index value there.
    """

    name: str
    path: Path
    node_id: str
    sequence_id: str = ""
    item: str = ""


def write_inputs(nodes: Iterable[Any], folder: Path) -> list[InputVolume]:
    """Write volumes, and every item of sequences of volumes, to ``folder`` under names that do not clash.

    Raises :class:`BadInputError` for a soft map and for a sequence of something else or with nothing in it.
    """
    inputs: list[InputVolume] = []
    for node in nodes:
        for name, volume, sequence, item in _volumes(node):
            path = folder / f"{len(inputs) + 1:02d}_{file_name(volume)}"
            write_volume(volume, path)
            shown = _shown(node)
            of = sequence.GetID() if sequence else ""
            inputs.append(InputVolume(name, path, shown.GetID() if shown else "", of, item))
    return inputs


def is_input(node: Any) -> bool:
    """Whether a node is a volume, but no soft map, or a sequence of volumes."""
    if node.IsA(SEQUENCE):
        return node.GetNumberOfDataNodes() > 0 and node.GetNthDataNode(0).IsA(VOLUME)
    return bool(node.IsA(VOLUME)) and not node.IsA("vtkMRMLLabelMapVolumeNode") and not is_soft_map(node)


def _volumes(node: Any) -> list[tuple[str, Any, Any, str]]:
    """Return name, volume, sequence and item; the last two are ``None`` and empty for a volume that plays none."""
    if not node.IsA(SEQUENCE):
        if is_soft_map(node):
            raise BadInputError(f"{node.GetName()} is a soft map and no image.")
        return [(node.GetName(), node, *item_shown_in(node))]
    if not is_input(node):
        raise BadInputError(f"The sequence {node.GetName()} holds no volumes.")
    index = node.GetIndexName() or "item"
    items = [
        (node.GetNthIndexValue(number), node.GetNthDataNode(number)) for number in range(node.GetNumberOfDataNodes())
    ]
    return [(f"{node.GetName()} {index} {value}", volume, node, value) for value, volume in items]


def _shown(node: Any) -> Any | None:
    """Return the volume that the views show for a node: itself, or the one in which a sequence is played, if it is."""
    if not node.IsA(SEQUENCE):
        return node
    scene = node.GetScene()
    for number in range(scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")):
        proxy = scene.GetNthNodeByClass(number, "vtkMRMLSequenceBrowserNode").GetProxyNode(node)
        if proxy is not None:
            return proxy
    return None
