"""The volumes of a patient as files for a job, from volumes and from sequences of volumes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosscontrast.errors import BadInputError
from crosscontrast.scene.volumes import file_name, write_volume

SEQUENCE, VOLUME = "vtkMRMLSequenceNode", "vtkMRMLScalarVolumeNode"


@dataclass(frozen=True)
class InputVolume:
    """One volume that a job gets: its name for the user, its file, and the node that shows it (empty: none does)."""

    name: str
    path: Path
    node_id: str


def write_inputs(nodes: Iterable[Any], folder: Path) -> list[InputVolume]:
    """Write volumes, and every item of sequences of volumes, to ``folder`` under names that do not clash.

    Raises :class:`BadInputError` for a sequence of something else or with nothing in it.
    """
    inputs: list[InputVolume] = []
    for node in nodes:
        for name, volume in _volumes(node):
            path = folder / f"{len(inputs) + 1:02d}_{file_name(volume)}"
            write_volume(volume, path)
            shown = _shown(node)
            inputs.append(InputVolume(name, path, shown.GetID() if shown else ""))
    return inputs


def is_input(node: Any) -> bool:
    """Whether a node is a volume or a sequence of volumes."""
    if node.IsA(SEQUENCE):
        return node.GetNumberOfDataNodes() > 0 and node.GetNthDataNode(0).IsA(VOLUME)
    return bool(node.IsA(VOLUME)) and not node.IsA("vtkMRMLLabelMapVolumeNode")


def _volumes(node: Any) -> list[tuple[str, Any]]:
    if not node.IsA(SEQUENCE):
        return [(node.GetName(), node)]
    if not is_input(node):
        raise BadInputError(f"The sequence {node.GetName()} holds no volumes.")
    index = node.GetIndexName() or "item"
    return [
        (f"{node.GetName()} {index} {node.GetNthIndexValue(number)}", node.GetNthDataNode(number))
        for number in range(node.GetNumberOfDataNodes())
    ]


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
