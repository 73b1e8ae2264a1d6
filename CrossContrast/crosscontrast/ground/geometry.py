"""Moving images between grids without moving anatomy."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError

#: More voxels than this after resampling means a wrong spacing in the header rather than a patient (8 GiB as float32).
_MOST_VOXELS = 2**31

#: So many voxels are resampled at once. A Gaussian's kernel reaches less than this many times its width.
_SLAB, _KERNEL = 2**22, 4

#: x, y, z in mm, growing to the right, the front and the top (RAS).
Point = tuple[float, float, float]


def continuous_index(point: Sequence[float], image: sitk.Image) -> tuple[float, ...]:
    """Return where ``point`` (mm, RAS) lies in voxels along i, j, k; whole numbers are the middles of voxels."""
    x, y, z = point
    index: tuple[float, ...] = image.TransformPhysicalPointToContinuousIndex((-x, -y, z))
    return index


def check_points(points: Sequence[Point], image: sitk.Image, name: str) -> None:
    """Raise :class:`BadInputError` naming the first of ``points`` (mm, RAS) that lies in no voxel of the image."""
    for point in points:
        index = continuous_index(point, image)
        if not all(-0.5 <= place <= n - 0.5 for place, n in zip(index, image.GetSize(), strict=True)):
            place = ", ".join(f"{coordinate:g}" for coordinate in point)
            raise BadInputError(f"The point ({place}) mm lies outside of {name}.")


class View(NamedTuple):
    """Voxels (k, j, i) where they lie in memory, and their grid as an image has it (mm, LPS)."""

    values: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]


def oriented_view(image: sitk.Image, orientation: str) -> View:
    """Return what :func:`reorient` gives without a copy; its values are valid for as long as ``image`` lives.

    Of a large image a reoriented copy, and an array of that, take 8 bytes a voxel.
    """
    small = sitk.Image([2] * 3, sitk.sitkUInt8)
    small.SetDirection(image.GetDirection())
    turned = reorient(small, orientation)
    old, new = (np.array(grid.GetDirection()).reshape(3, 3) for grid in (small, turned))
    turn = np.rint(old.T @ new).astype(int)  # (old axis, new axis): axes are only exchanged and turned round
    axes, sides = np.abs(turn).argmax(0), turn.sum(0)
    values = sitk.GetArrayViewFromImage(image).transpose().transpose(axes)
    first = [0, 0, 0]
    for axis, side in zip(axes.tolist(), sides.tolist(), strict=True):
        first[axis] = image.GetSize()[axis] - 1 if side < 0 else 0
    spacing = image.GetSpacing()
    return View(
        values[tuple(slice(None, None, side) for side in sides.tolist())].transpose(),
        (spacing[axes[0]], spacing[axes[1]], spacing[axes[2]]),
        image.TransformIndexToPhysicalPoint(first),
        turned.GetDirection(),
    )


def same_grid(a: sitk.Image, b: sitk.Image, tolerance: float = 1e-4) -> bool:
    """Tell whether two images have the same size and their corner voxels lie within ``tolerance`` mm of each other."""
    if a.GetSize() != b.GetSize():
        return False
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in a.GetSize()])).reshape(a.GetDimension(), -1).T
    return all(
        np.abs(np.subtract(a.TransformIndexToPhysicalPoint(c), b.TransformIndexToPhysicalPoint(c))).max() <= tolerance
        for c in corners.tolist()
    )


def ras_affine(image: sitk.Image) -> np.ndarray:
    """Return the 4 x 4 matrix from a 3-D image's index (i, j, k, 1) to NIfTI's millimetres, RAS+."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    # ITK's axes point to the left and the back, NIfTI's to the right and the front.
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def reorient(image: sitk.Image, orientation: str) -> sitk.Image:
    """Permute and flip the axes so that i, j, k grow in the directions named (``"RAS"``: to the right, front, top).

    Physical space stays; an oblique grid stays oblique. Grids made left-handed by the letters are allowed.
    """
    return sitk.DICOMOrient(image, orientation)


def resample_onto(image: sitk.Image, reference: sitk.Image, linear: bool = True) -> sitk.Image:
    """Resample onto the grid of ``reference``: linear for images and soft masks, nearest neighbour for labels.

    Voxels within half a voxel of the image's border take the value of the nearest voxel (the field of view includes
    the whole of the outer voxels), everything farther outside is 0. The pixel type stays.
    """
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(reference)
    resampler.SetInterpolator(sitk.sitkLinear if linear else sitk.sitkNearestNeighbor)
    resampler.SetOutputPixelType(image.GetPixelID())
    padded = sitk.ZeroFluxNeumannPad(image, [1] * 3, [1] * 3)
    return sitk.Mask(resampler.Execute(padded), resampled_field_of_view(image, reference))


def resampled_field_of_view(image: sitk.Image, reference: sitk.Image) -> sitk.Image:
    """Return a uint8 image on the grid of ``reference`` that is 1 inside the field of view of ``image``."""
    # Nearest neighbour reaches exactly half a voxel beyond the outer voxel centres, which is where the field ends.
    ones = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
    ones.CopyInformation(image)
    return sitk.Resample(ones, reference, sitk.Transform(), sitk.sitkNearestNeighbor, 0)


def resample_to_spacing(image: sitk.Image, spacing: tuple[float, float, float]) -> sitk.Image:
    """Resample a float image to ``spacing`` in mm along i, j, k, keeping its axes and its field of view.

    The field of view is that of whole voxels, so the first new voxel centre lies half a new voxel from the border.
    Before an axis is made coarser it is smoothed by the Gaussian that turns a profile of the old voxel's width into
    one of the new voxel's width (full width at half maximum).
    """
    old, new = np.array(image.GetSpacing()), np.array(spacing, dtype=float)
    if np.allclose(old, new, rtol=1e-4):
        return image
    size = np.maximum(1, np.round(np.array(image.GetSize()) * old / new)).astype(int)
    if float(np.prod(size, dtype=float)) > _MOST_VOXELS:
        extent = " x ".join(f"{e:.0f}" for e in np.array(image.GetSize()) * old)
        raise BadInputError(f"The image measures {extent} mm, too large for {spacing} mm voxels: check its spacing.")
    sigma = np.sqrt(np.maximum(new**2 - old**2, 0)) / np.sqrt(8 * np.log(2))
    # Rounding the size changes the extent by up to half a voxel; spread over both ends, the centre stays.
    first = (np.array(image.GetSize()) * old - (size - 1) * new) / 2 / old - 0.5
    # Slab by slab: the smoothed image, and the filter's own copies in float64, would take 20 bytes a voxel.
    slabs = math.ceil(max(image.GetNumberOfPixels(), float(np.prod(size))) / _SLAB)
    ends = np.linspace(0, size[2], min(slabs, int(size[2])) + 1).round().astype(int).tolist()
    reach = math.ceil(_KERNEL * sigma[2] / old[2]) + 4
    parts = []
    for begin, end in pairwise(ends):
        low, high = (first[2] + n * new[2] / old[2] for n in (begin, end - 1))
        rows = slice(max(math.floor(low) - reach, 0), min(math.ceil(high) + reach + 1, image.GetSize()[2]))
        grid = sitk.Image([int(size[0]), int(size[1]), end - begin], sitk.sitkUInt8)
        grid.SetSpacing(new.tolist())
        grid.SetDirection(image.GetDirection())
        grid.SetOrigin(image.TransformContinuousIndexToPhysicalPoint([first[0], first[1], low]))
        parts.append(_resampled(image if slabs == 1 else image[:, :, rows], grid, sigma))
    return parts[0] if len(parts) == 1 else _stacked(parts)


def _resampled(image: sitk.Image, grid: sitk.Image, sigma: np.ndarray) -> sitk.Image:
    """Smooth an image by ``sigma`` in mm and take its values at ``grid``."""
    if sigma.any():
        image = sitk.DiscreteGaussian(image, variance=(sigma**2).tolist(), maximumKernelWidth=64)
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(grid)
    resampler.SetOutputPixelType(image.GetPixelID())
    resampler.SetUseNearestNeighborExtrapolator(True)
    return resampler.Execute(image)


def _stacked(slabs: Sequence[sitk.Image]) -> sitk.Image:
    """Put slabs, of which each goes on where the one before ends, into one image."""
    whole = sitk.GetImageFromArray(np.concatenate([sitk.GetArrayViewFromImage(slab) for slab in slabs]))
    whole.SetSpacing(slabs[0].GetSpacing())
    whole.SetOrigin(slabs[0].GetOrigin())
    whole.SetDirection(slabs[0].GetDirection())
    return whole
