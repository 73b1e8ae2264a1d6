"""Moving images between grids without moving anatomy."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError

#: More voxels than this after resampling means a wrong spacing in the header rather than a patient (8 GiB as float32).
_MOST_VOXELS = 2**31

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
    inside = sitk.Cast(resampled_field_of_view(image, reference), image.GetPixelID())
    return resampler.Execute(padded) * inside


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
    if sigma.any():
        image = sitk.DiscreteGaussian(image, variance=(sigma**2).tolist(), maximumKernelWidth=64)
    grid = sitk.Image(size.tolist(), sitk.sitkUInt8)
    grid.SetSpacing(new.tolist())
    grid.SetDirection(image.GetDirection())
    # Rounding the size changes the extent by up to half a voxel; spread over both ends, the centre stays.
    first = (np.array(image.GetSize()) * old - (size - 1) * new) / 2 / old - 0.5
    grid.SetOrigin(image.TransformContinuousIndexToPhysicalPoint(first.tolist()))
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(grid)
    resampler.SetOutputPixelType(image.GetPixelID())
    resampler.SetUseNearestNeighborExtrapolator(True)
    return resampler.Execute(image)
