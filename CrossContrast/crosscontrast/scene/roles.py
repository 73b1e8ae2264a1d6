"""How nodes of the scene refer to each other, and what they remember. No package from pip is needed to ask."""

from typing import Any

#: From a segmentation to the soft map that it was cut from.
SOFT_MAP_ROLE = "CrossContrast.SoftMap"
#: From a soft map under correction to the volume that keeps it as it was predicted.
PREDICTED_ROLE = "CrossContrast.Predicted"
#: From a corrected soft map to the label map that shows how it differs.
DIFFERENCE_ROLE = "CrossContrast.Difference"
#: Attribute of a soft map: whether it was changed ("1") since it was last saved ("0") into a correction dataset.
_UNSAVED = "CrossContrast.Unsaved"


def mark_unsaved(soft: Any, *, unsaved: bool) -> None:
    """Let a soft map remember whether it has changes that no correction dataset has."""
    soft.SetAttribute(_UNSAVED, "1" if unsaved else "0")


def is_unsaved(soft: Any) -> bool | None:
    """Return what :func:`mark_unsaved` said last; ``None`` where it said nothing."""
    known = soft.GetAttribute(_UNSAVED)
    return None if known is None else known == "1"
