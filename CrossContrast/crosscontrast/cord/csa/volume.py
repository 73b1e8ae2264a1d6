"""A soft segmentation in the one orientation in which everything here is measured."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import oriented_view

#: Indices grow to the left, the front and the top, as in SCT (whose letters for it are "RPI"): slices count I -> S.
ORIENTATION = "LAS"

#: How far beyond [0, 1] interpolation may have carried a soft value before we refuse to take it for one.
_OVERSHOOT = 0.1

#: A point in physical space in mm as SimpleITK has it: to the left, to the back, to the top (LPS).
Point = tuple[float, float, float]


@dataclass(frozen=True)
class CordVolume:
    """Soft values in slices from inferior to superior.

    ``values`` is (slice I->S, row P->A, column R->L), float32 in [0, 1]; ``spacing`` is in mm along column, row and
    slice. ``origin`` and ``axes`` place it: a physical point is ``origin + axes @ frame`` where ``frame`` is (x, y, z)
    in mm along column, row and slice; ``axes`` is orthonormal, and its last column is the normal of the slices.
    ``original_slices`` gives for each slice its index along axis ``original_axis`` of the image as it came.
    ``cleaned`` marks slices in which NaN or infinite voxels were set to 0.
    """

    values: np.ndarray
    spacing: tuple[float, float, float]
    origin: np.ndarray
    axes: np.ndarray
    original_axis: int
    original_slices: np.ndarray
    cleaned: np.ndarray

    def to_frame(self, point: Point) -> np.ndarray:
        """Return a physical point (LPS, mm) as (x, y, z) in mm along column, row and slice."""
        return self.axes.T @ (np.asarray(point, dtype=float) - self.origin)


def cord_volume(soft: sitk.Image, floor: float) -> CordVolume:
    """Bring a soft segmentation of any orientation, handedness and obliqueness into the order of :class:`CordVolume`.

    The slices run along the image axis closest to inferior-superior; nothing is resampled. Values up to ``floor``
    become 0. Raises :class:`BadInputError` for an image that is not 3-D and scalar or whose values leave [0, 1].
    """
    if soft.GetDimension() != 3 or soft.GetNumberOfComponentsPerPixel() != 1:
        raise BadInputError(f"A 3-D image with one value per voxel is expected, not one of size {soft.GetSize()}.")
    oriented = oriented_view(soft, ORIENTATION)
    axes = np.array(oriented.direction).reshape(3, 3)
    along = np.array(soft.GetDirection()).reshape(3, 3).T @ axes[:, 2]
    original_axis = int(np.argmax(np.abs(along)))
    slices = np.arange(len(oriented.values))
    values, cleaned = _soft_values(oriented.values, floor)
    return CordVolume(
        values=values,
        spacing=oriented.spacing,
        origin=np.array(oriented.origin),
        axes=axes,
        original_axis=original_axis,
        original_slices=slices if along[original_axis] > 0 else slices[::-1],
        cleaned=cleaned,
    )


def _soft_values(values: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    values = values.astype(np.float32, copy=False)
    cleaned = np.zeros(len(values), dtype=bool)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        finite = np.isfinite(values)
        if not finite.any():
            raise BadInputError("The segmentation has no voxel with a finite value.")
        cleaned = ~finite.all(axis=(1, 2))
        values = np.where(finite, values, np.float32(0))
        low, high = float(values.min()), float(values.max())
    if low < -_OVERSHOOT or high > 1 + _OVERSHOOT:
        raise BadInputError(
            f"The values reach from {low:g} to {high:g}; a soft segmentation has values from 0 to 1.",
            "give one structure at a time, as a binary mask of 0 and 1 or as a soft mask",
        )
    values = np.minimum(values, np.float32(1), out=np.empty(values.shape, np.float32))
    values[values <= floor] = 0
    return values, cleaned
