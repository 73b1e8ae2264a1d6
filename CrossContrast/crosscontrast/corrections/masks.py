"""Masks that people hand in, checked against the image that they are of."""

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import image_like
from crosscontrast.ground.placement import put_onto

#: Interpolation may carry soft values this far out of [0, 1].
_OVERSHOOT = 1e-3
#: Least Dice of a binary mask and the highest values of the soft mask that goes with it.
_TOGETHER = 0.8
_SHOWN = 6
_SOFT = ("has values between whole numbers: it is a soft map", "give the binary mask, and the soft map with --soft")


def soft_values(soft: sitk.Image, grid: sitk.Image, case: str) -> np.ndarray:
    """Return a soft mask as an array (k, j, i) of float32 in [0, 1].

    Raises :class:`BadInputError` for another grid than ``grid`` and for values outside [0, 1] or NaN.
    """
    values = sitk.GetArrayFromImage(on_grid_of(soft, grid, case, "soft mask")).astype(np.float32)
    if not (values.min() >= -_OVERSHOOT and values.max() <= 1 + _OVERSHOOT):
        raise BadInputError(f"The soft mask of {case} has values outside 0 to 1.")
    return np.clip(values, 0, 1)


def inside(mask: sitk.Image, grid: sitk.Image, case: str, what: str = "mask") -> np.ndarray:
    """Return where a mask of two values (0 and 1, 0 and 255, ...) is not 0, as an array (k, j, i).

    Raises :class:`BadInputError` for another grid and for what is no binary mask.
    """
    values = sitk.GetArrayFromImage(on_grid_of(mask, grid, case, what))
    fault = _why_not_binary(values)
    if fault:
        raise BadInputError(f"The {what} of {case} {fault[0]}.", fault[1])
    found: np.ndarray = values > 0
    return found


def on_grid_of(
    mask: sitk.Image, grid: sitk.Image, case: str, what: str = "mask", *, silent: bool = False
) -> sitk.Image:
    """Return a mask on the grid of a case's image, see :func:`~crosscontrast.ground.placement.put_onto`.

    ``silent`` is for masks that a program of ours stored in its own order, which is no news. Raises
    :class:`BadInputError` where its voxels are not the image's.
    """
    placed = put_onto(mask, grid, "" if silent else f"The {what} of {case}")
    if placed is None:
        raise BadInputError(f"The {what} does not lie on the grid of the image of {case}.")
    return placed


def one_label(mask: sitk.Image, label: int, name: str) -> sitk.Image:
    """Return the mask (uint8) of one label of a label map; raises :class:`BadInputError` where it has no such voxel.

    A soft map is refused too, even where one of its values is the label.
    """
    values = sitk.GetArrayViewFromImage(mask)
    if _broken(values):
        raise BadInputError(f"{name} {_SOFT[0]}.", _SOFT[1])
    found = values == label
    if not found.any():
        raise BadInputError(f"{name} has no voxel of the label {label}.", f"its labels are {_listed(values)}")
    return image_like(found.astype(np.uint8), mask)


def contradiction(soft: np.ndarray, inside: np.ndarray) -> str:
    """Say what speaks against a soft mask going with a binary one (arrays of one shape); empty where nothing does.

    The binary one may have been cut at any threshold, so the highest soft values, as many as it has voxels, must lie
    where it is.
    """
    count = int(np.count_nonzero(inside))
    if not count:
        return "has values of 0.5 and more, and the mask is empty" if soft.max() >= 0.5 else ""
    cut = np.partition(soft, soft.size - count, axis=None)[soft.size - count]
    high = (soft >= cut) & (soft > 0)
    shared = 2 * np.count_nonzero(high & inside) / (count + np.count_nonzero(high))
    if shared >= _TOGETHER:
        return ""
    return f"does not lie where the mask does: only {shared:.0%} of both is shared"


def _why_not_binary(values: np.ndarray) -> tuple[str, str] | None:
    low, high = float(values.min()), float(values.max())
    two = np.count_nonzero(values == low) + (np.count_nonzero(values == high) if high > low else 0) == values.size
    if two and 0 in (low, high) and low >= 0 and abs(high - round(high)) <= _OVERSHOOT:
        return None
    if two and low == high >= 1 and high == round(high):
        return None  # all of the image, of which there is more to say elsewhere
    if _broken(values):
        return _SOFT
    return f"has the values {_listed(values)}", "a mask has two, 0 and 1; choose one label with --label"


def _broken(values: np.ndarray) -> bool:
    """Whether there are values that are no whole numbers."""
    return values.dtype.kind == "f" and not bool(np.all(np.abs(values - np.rint(values)) <= _OVERSHOOT))


def _listed(values: np.ndarray) -> str:
    labels = [f"{value:g}" for value in np.unique(values)]
    return ", ".join(labels[:_SHOWN]) + (f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else "")
