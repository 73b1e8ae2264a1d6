"""Images brought onto other grids together with where they were measured: what was not is no value and never counts."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.geometry import resample_onto, resampled_field_of_view
from crosscontrast.ground.images import clean_intensities, image_like
from crosscontrast.ground.placement import put_onto

#: Linear interpolation gives less than this where any of the voxels that it reads was not measured.
WHOLE = 0.999


@dataclass(frozen=True)
class Covered:
    """A float32 ``image``, its smallest value where nothing was measured, and ``measured`` (uint8, 1 where it was).

    ``resampled`` tells whether voxels were interpolated.
    """

    image: sitk.Image
    measured: sitk.Image
    resampled: bool = False

    @property
    def everywhere(self) -> bool:
        """Whether every voxel was measured."""
        return bool(sitk.GetArrayViewFromImage(self.measured).all())


def covered(image: sitk.Image, name: str) -> Covered:
    """Return an image on its own grid; voxels that are NaN or infinite were not measured.

    Raises :class:`crosscontrast.errors.BadInputError` where all are, or all have one value; what is replaced is said.
    """
    finite = np.isfinite(sitk.GetArrayViewFromImage(image)).astype(np.uint8)
    return Covered(clean_intensities(image, name), image_like(finite, image))


def cover(given: Covered, grid: sitk.Image, name: str = "") -> Covered:
    """Bring an image onto ``grid``: without interpolation where it holds the same voxels, linearly otherwise.

    Outside of its field of view, and where interpolation would read a voxel that was not measured, nothing is measured.
    ``name`` is that of :func:`crosscontrast.ground.placement.put_onto`.
    """
    placed, part = put_onto(given.image, grid, name), put_onto(given.measured, grid)
    if placed is not None and part is not None:
        return Covered(placed, part)
    inside = sitk.GetArrayFromImage(resampled_field_of_view(given.image, grid)) > 0
    if not given.everywhere:
        share = resample_onto(sitk.Cast(given.measured, sitk.sitkFloat32), grid)
        inside &= sitk.GetArrayViewFromImage(share) > WHOLE
    lowest = sitk.GetArrayViewFromImage(given.image).min()
    values = np.where(inside, sitk.GetArrayFromImage(resample_onto(given.image, grid)), lowest)
    return Covered(image_like(values, grid), image_like(inside.astype(np.uint8), grid), resampled=True)
