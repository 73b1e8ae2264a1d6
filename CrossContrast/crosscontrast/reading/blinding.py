"""Copies of images that do not tell where they come from: one grid, one field of view, one window, no header."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.coverage import Covered, cover, covered
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.geometry import reorient
from crosscontrast.ground.images import image_like
from crosscontrast.reading.study import Display

#: Grey values of every blinded image: black and white of the window that every reader begins with.
BLACK, WHITE = 0, 1000
#: Smallest share of the first image's field of view that all arms must cover together.
_LEAST_COMMON = 0.05


def blind_case(images: Mapping[str, sitk.Image], display: Display, name: str) -> dict[str, sitk.Image]:
    """Return the images of the arms of a case on one grid, cut to what all of them show, in one window.

    The grid is that of the images where they share one and ``display`` names no voxel size: then no voxel is
    interpolated. Otherwise it has the axes of the first image, the coarsest voxel size of the arms along each, and
    covers the box that all fields of view share; every image is resampled, so that no arm is the only sharp one.
    Voxels that any arm did not measure, outside of its field of view or NaN within, are 0 in all. Values are int16: the
    percentiles of ``display`` over the others become 0 and 1000, what is beyond them is clipped. Anatomy stays where it
    is in space.

    Raises :class:`BadInputError` naming the case where the fields of view do not meet or an image is constant.
    """
    clean = {arm: covered(image, f"{name} ({arm})") for arm, image in images.items()}
    first = next(iter(clean.values())).image
    placed = {arm: cover(image, first) for arm, image in clean.items()}
    if display.spacing is not None or any(image.resampled for image in placed.values()):
        letters = sitk.DICOMOrientImageFilter().GetOrientationFromDirectionCosines(first.GetDirection())
        turned = {
            arm: Covered(reorient(given.image, letters), reorient(given.measured, letters))
            for arm, given in clean.items()
        }
        grid = _common_grid([given.image for given in turned.values()], display, name)
        placed = {
            arm: cover(Covered(_smoothed(given.image, grid), given.measured), grid) for arm, given in turned.items()
        }
    inside = np.logical_and.reduce([sitk.GetArrayViewFromImage(given.measured) > 0 for given in placed.values()])
    if inside.mean() < _LEAST_COMMON:
        raise BadInputError(f"{name}: the images of the arms hardly show the same part of the body.")
    return {arm: _windowed(given.image, inside, display, f"{name} ({arm})") for arm, given in placed.items()}


def write_blinded(image: sitk.Image, path: Path) -> None:
    """Write a blinded image as NRRD without any key of its own, uncompressed: a compressed size would tell an arm."""
    plain = image_like(sitk.GetArrayFromImage(image), image)
    with atomic_write(path) as temporary:
        sitk.WriteImage(plain, str(temporary), useCompression=False)


def _common_grid(images: list[sitk.Image], display: Display, name: str) -> sitk.Image:
    """Make the grid over the box, along the axes of the first image, that the fields of view of all share."""
    first = images[0]
    axes = np.array(first.GetDirection()).reshape(3, 3)
    low, high = np.full(3, -np.inf), np.full(3, np.inf)
    for image in images:
        corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in image.GetSize()])).reshape(3, -1).T
        places = np.array([image.TransformContinuousIndexToPhysicalPoint(c) for c in corners.tolist()]) @ axes
        low, high = np.maximum(low, places.min(axis=0)), np.minimum(high, places.max(axis=0))
    spacing = np.array(display.spacing or np.max([image.GetSpacing() for image in images], axis=0))
    size = np.floor((high - low) / spacing + 1e-6)
    if (size < 1).any():
        raise BadInputError(f"{name}: the images of the arms do not show the same part of the body.")
    grid = sitk.Image(size.astype(int).tolist(), sitk.sitkUInt8)
    grid.SetSpacing(spacing.tolist())
    grid.SetDirection(first.GetDirection())
    grid.SetOrigin((axes @ ((low + high - (size - 1) * spacing) / 2)).tolist())
    return grid


def _smoothed(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """Smooth an image that is finer than the grid, as :func:`crosscontrast.ground.geometry.resample_to_spacing`."""
    old, new = np.array(image.GetSpacing()), np.array(grid.GetSpacing())
    variance = np.maximum(new**2 - old**2, 0) / (8 * np.log(2))
    return sitk.DiscreteGaussian(image, variance.tolist(), 64) if variance.any() else image


def _windowed(image: sitk.Image, inside: np.ndarray, display: Display, name: str) -> sitk.Image:
    values = sitk.GetArrayFromImage(image)
    low, high = np.percentile(values[inside], display.percentiles)
    if not high > low:
        raise BadInputError(f"{name} is nearly constant: its percentiles {display.percentiles} are both {low:g}.")
    grey = BLACK + (WHITE - BLACK) * np.clip((values - low) / (high - low), 0, 1)
    return image_like(np.where(inside, np.rint(grey), BLACK).astype(np.int16), image)
