"""What a correction added and removed, as an overlay of its own."""

from typing import Any

import numpy as np

from crosscontrast.scene.colours import label_table
from crosscontrast.scene.images import add_volume, set_image, soft_on, voxels
from crosscontrast.scene.layers import slice_views
from crosscontrast.scene.legend import hide_legend, show_legend
from crosscontrast.scene.roles import DIFFERENCE_ROLE

#: Labels 1 to 4. Blue against orange can be told apart by colour-blind readers too.
LABELS = (
    ("removed by half or more", (0.10, 0.35, 0.95)),
    ("removed a little", (0.55, 0.78, 1.0)),
    ("added a little", (1.0, 0.80, 0.45)),
    ("added by half or more", (0.95, 0.45, 0.05)),
)
#: The same in the legend of a slice view, where long words would be a few pixels high.
_SHORT = ("removed", "lowered", "raised", "added")
#: Differences below this are not worth a colour: they come from storing and interpolating.
FAINT = 0.02
_MUCH = 0.5


def difference_labels(predicted: np.ndarray, corrected: np.ndarray) -> np.ndarray:
    """Return uint8 labels of :data:`LABELS` for two soft maps of the same shape; 0 where they agree."""
    change = corrected.astype(np.float32) - predicted.astype(np.float32)
    labels = np.zeros(change.shape, dtype=np.uint8)
    labels[change <= -FAINT] = 2
    labels[change <= -_MUCH] = 1
    labels[change >= FAINT] = 3
    labels[change >= _MUCH] = 4
    return labels


def show_difference(scene: Any, predicted: Any, corrected: Any, opacity: float = 0.8, *, legend: bool = True) -> Any:
    """Show in the label layer of all slice views how ``corrected`` differs from ``predicted``; return its node.

    Both are soft map nodes on the same grid. Called again it brings the overlay up to date. ``legend`` says whether it
    is explained.
    """
    labels = soft_on(difference_labels(voxels(predicted), voxels(corrected)), corrected)
    node = corrected.GetNodeReference(DIFFERENCE_ROLE)
    if node is None:
        node = add_volume(scene, labels, f"{corrected.GetName()} difference", "vtkMRMLLabelMapVolumeNode")
        corrected.SetNodeReferenceID(DIFFERENCE_ROLE, node.GetID())
        colours = [colour for _, colour in LABELS]
        table = label_table(scene, "CrossContrast difference", list(zip(_SHORT, colours, strict=True)))
        node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    else:
        set_image(node, labels)
    node.SetAndObserveTransformNodeID(corrected.GetTransformNodeID())
    for view in slice_views(scene):
        view.SetLabelVolumeID(node.GetID())
        view.SetLabelOpacity(opacity)
    if legend:
        show_legend(node, "correction", column=1, named_colours=True)
    else:
        hide_legend(node)
    return node


def hide_difference(scene: Any, corrected: Any) -> None:
    """Take the overlay of :func:`show_difference` out of the slice views and the scene."""
    node = corrected.GetNodeReference(DIFFERENCE_ROLE)
    if node is None:
        return
    for view in slice_views(scene):
        if view.GetLabelVolumeID() == node.GetID():
            view.SetLabelVolumeID(None)
    hide_legend(node)
    corrected.SetNodeReferenceID(DIFFERENCE_ROLE, None)
    display = node.GetDisplayNode()
    for made in (display, node):
        if made is not None:
            scene.RemoveNode(made)
