"""Masks that people hand in, checked against the image that they are of."""

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.placement import put_onto

#: Interpolation may carry soft values this far out of [0, 1].
_OVERSHOOT = 1e-3


def soft_values(soft: sitk.Image, grid: sitk.Image, case: str) -> np.ndarray:
    """Return a soft mask as an array (k, j, i) of float32 in [0, 1].

    Raises :class:`BadInputError` for another grid than ``grid`` and for values outside [0, 1] or NaN.
    """
    values = sitk.GetArrayFromImage(on_grid_of(soft, grid, case, "soft mask")).astype(np.float32)
    if not (values.min() >= -_OVERSHOOT and values.max() <= 1 + _OVERSHOOT):
        raise BadInputError(f"The soft mask of {case} has values outside 0 to 1.")
    return np.clip(values, 0, 1)


def inside(mask: sitk.Image, grid: sitk.Image, case: str, what: str = "mask") -> np.ndarray:
    """Return where a mask is above 0, as an array (k, j, i); raises :class:`BadInputError` for another grid."""
    values: np.ndarray = sitk.GetArrayFromImage(on_grid_of(mask, grid, case, what)) > 0
    return values


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
