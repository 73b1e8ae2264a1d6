"""The tree of patients, studies and what belongs to them (Slicer's subject hierarchy)."""

import re
from typing import Any

#: The subject in a name in the manner of BIDS.
_SUBJECT = re.compile(r"sub-[0-9A-Za-z]+")


def put_beside(node: Any, source: Any) -> None:
    """Put ``node`` into the folder of ``source``, where the scene has a tree and the source is in it."""
    tree = node.GetScene().GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    beside = tree.GetItemByDataNode(source) if tree is not None and source is not None else 0
    if not beside:
        return
    folder, item = tree.GetItemParent(beside), tree.GetItemByDataNode(node)
    if item:
        tree.SetItemParent(item, folder)
    else:
        tree.CreateItem(folder, node)


def same_patient(one: Any, other: Any) -> bool | None:
    """Whether two images are of one patient, by the tree or the subjects in their names; ``None`` where unknown."""
    for known in (_patient_item(one), _patient_item(other)), (_subject(one), _subject(other)):
        if all(known):
            return bool(known[0] == known[1])
    return None


def _patient_item(node: Any) -> int:
    tree = node.GetScene().GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode") if node.GetScene() else None
    if tree is None:
        return 0
    item = tree.GetItemByDataNode(node)
    return int(tree.GetItemAncestorAtLevel(item, "Patient")) if item else 0


def _subject(node: Any) -> str:
    found = _SUBJECT.match(node.GetName() or "")
    return found[0] if found else ""
