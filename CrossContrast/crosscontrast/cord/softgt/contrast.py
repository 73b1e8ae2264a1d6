"""One contrast of a subject: its cord mask, its image where there is one, and how far the mask can be believed."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import reorient
from crosscontrast.ground.images import clean_intensities, image_like, read_image
from crosscontrast.ground.placement import put_onto

#: How far beyond [0, 1] interpolation may have carried a mask before we refuse to take it for one.
_OVERSHOOT = 0.1


@dataclass(frozen=True)
class Contrast:
    """A mask (float32 in [0, 1], binary or soft) and perhaps the image it was drawn on, both on the contrast's grid.

    Work is done on :attr:`cord`, the same mask with its axes growing to the right, the front and the top: its slices
    are then those of the image axis closest to the cord's, whatever the file's order and handedness.
    """

    role: str
    mask: sitk.Image
    image: sitk.Image | None = None

    @cached_property
    def cord(self) -> sitk.Image:
        """The mask reoriented; nothing is resampled."""
        return reorient(self.mask, "RAS")

    @cached_property
    def labelled(self) -> np.ndarray:
        """Which slices of :attr:`cord` hold any mask, (k,) bool."""
        return np.asarray(sitk.GetArrayViewFromImage(self.cord).max(axis=(1, 2)) > 0)

    @cached_property
    def centreline(self) -> np.ndarray:
        """Centre of the mask in every labelled slice from bottom to top, (n, 3) in mm (LPS)."""
        values = sitk.GetArrayViewFromImage(self.cord)
        centres = [(*ndimage.center_of_mass(values[k])[::-1], float(k)) for k in np.flatnonzero(self.labelled)]
        return np.array([self.cord.TransformContinuousIndexToPhysicalPoint(centre) for centre in centres])

    def coverage(self, *, inner: bool) -> sitk.Image:
        """Return float32 1 in the slices that the mask answers for, 0 in the others, on the grid of :attr:`cord`.

        Slices without mask were not labelled, which says nothing about the cord in them. ``inner`` leaves out the
        first and the last labelled slice too: raters end in mid-slice, and what a resampled mask keeps of its end
        is arbitrary. A mask of one or two slices has no inner ones and keeps both.
        """
        covered = self.labelled.copy()
        if inner and covered.sum() > 2:
            covered[np.flatnonzero(covered)[[0, -1]]] = False
        shape = self.cord.GetSize()[::-1]
        values = np.broadcast_to(covered[:, None, None], shape).astype(np.float32)
        return image_like(values, self.cord)

    def voxel_volume(self) -> float:
        """Volume of a voxel in mm³."""
        return float(np.prod(self.mask.GetSpacing()))


def read_contrast(role: str, mask_path: Path, image_path: Path | None) -> Contrast:
    """Read the files of a contrast.

    Raises :class:`BadInputError` naming the file for a mask that is empty, not within [0, 1] or not on the image's
    grid, and for what :func:`read_image` refuses.
    """
    mask = _unit_mask(read_image(mask_path), str(mask_path))
    image = clean_intensities(read_image(image_path), image_path.name) if image_path else None
    return _on_one_grid(role, mask, image, str(mask_path), str(image_path))


def checked_contrast(
    role: str, mask: sitk.Image, image: sitk.Image | None, *, mask_name: str, image_name: str
) -> Contrast:
    """Make a contrast of images in memory; raises as :func:`read_contrast`, with these names in place of the files'."""
    cleaned = clean_intensities(image, image_name) if image is not None else None
    return _on_one_grid(role, _unit_mask(mask, mask_name), cleaned, mask_name, image_name)


def _on_one_grid(role: str, mask: sitk.Image, image: sitk.Image | None, mask_name: str, image_name: str) -> Contrast:
    if image is None:
        return Contrast(role, mask)
    placed = put_onto(mask, image, mask_name)
    if placed is None:
        raise BadInputError(
            f"{mask_name} does not lie on the grid of {image_name}.", "resample the mask onto its image first"
        )
    return Contrast(role, placed, image)


def _unit_mask(mask: sitk.Image, name: str) -> sitk.Image:
    values = sitk.GetArrayFromImage(mask).astype(np.float32)
    if not np.isfinite(values).all():
        raise BadInputError(f"{name} has voxels that are NaN or infinite; a mask has values from 0 to 1.")
    low, high = float(values.min()), float(values.max())
    if low < -_OVERSHOOT or high > 1 + _OVERSHOOT:
        raise BadInputError(
            f"{name} has values from {low:g} to {high:g}; a mask has values from 0 to 1.",
            "give the cord alone, as a binary or soft mask",
        )
    if high < 0.5:
        raise BadInputError(f"{name} holds no cord: no voxel reaches 0.5.")
    return image_like(np.clip(values, 0, 1), mask)
