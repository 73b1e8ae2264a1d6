"""Images of the same voxels, told by where these lie and not by the order in which they are stored."""

import warnings

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.geometry import ras_affine, resample_onto
from crosscontrast.ground.images import ImageWarning, image_like

#: Voxel centres that coincide within this share of a voxel are the same. A mask that went through another program's
#: float32 header comes back up to 0.006 mm off (9 of 17 public images, at most 1/50 of a voxel); a mask that belongs to
#: another grid lies half a voxel off.
TOLERANCE = 0.05
#: Voxels that are farther than this, in mm, from those of the image are spoken of.
_UNSAID = 1e-4


def put_onto(image: sitk.Image, grid: sitk.Image, name: str = "") -> sitk.Image | None:
    """Return the voxels of ``image`` on the grid of ``grid``, or ``None`` where they do not lie there.

    They lie there where every voxel of the one has its centre within a twentieth of a voxel of one of the other's, in
    whatever order and direction the axes run. No value changes, and the result has exactly the geometry of ``grid``; it
    is ``image`` itself where that has it. Where the two differed, that is said under ``name`` (an
    :class:`ImageWarning`), if there is one.
    """
    if image.GetDimension() != 3 or grid.GetDimension() != 3:
        return None
    if _geometry(image) == _geometry(grid):
        return image
    # From an index of the image to that of the grid, whose voxels are therefore the unit.
    to_grid = np.linalg.inv(ras_affine(grid)) @ ras_affine(image)
    axes = np.abs(to_grid[:3, :3]).argmax(axis=0).tolist()  # along which of the grid's axes each of the image's runs
    if sorted(axes) != [0, 1, 2] or image.GetSize() != tuple(grid.GetSize()[axis] for axis in axes):
        return None
    backwards = [bool(to_grid[a, own] < 0) for own, a in enumerate(axes)]
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in image.GetSize()])).reshape(3, -1)
    expected = np.empty_like(corners)
    for own, axis in enumerate(axes):
        expected[axis] = image.GetSize()[own] - 1 - corners[own] if backwards[own] else corners[own]
    off = np.abs(to_grid[:3, :3] @ corners + to_grid[:3, 3:] - expected)
    if not off.max() <= TOLERANCE:
        return None
    if name:
        _say(name, turned=axes != [0, 1, 2] or any(backwards), off=_millimetres(off, grid))
    return image_like(_turned(sitk.GetArrayFromImage(image), axes, backwards), grid)


def same_voxels(image: sitk.Image, other: sitk.Image) -> bool:
    """Tell whether two images have the same values at the same places, in whatever files and order they are stored."""
    placed = put_onto(other, image)
    if placed is None or placed.GetNumberOfComponentsPerPixel() != image.GetNumberOfComponentsPerPixel():
        return False
    values = sitk.GetArrayViewFromImage(image), sitk.GetArrayViewFromImage(placed)
    return np.array_equal(*values, equal_nan=values[0].dtype.kind == values[1].dtype.kind == "f")


def bring_onto(image: sitk.Image, grid: sitk.Image, *, linear: bool = True) -> sitk.Image:
    """Return the image on the grid of ``grid``: by :func:`put_onto` where it holds the same voxels, else resampled."""
    placed = put_onto(image, grid)
    return placed if placed is not None else resample_onto(image, grid, linear)


def _turned(values: np.ndarray, axes: list[int], backwards: list[bool]) -> np.ndarray:
    """Bring an array (k, j, i) into the order of the grid's axes."""
    for own in range(3):
        if backwards[own]:
            values = np.flip(values, 2 - own)
    inverse = np.argsort(axes)  # which of the image's axes runs along each of the grid's
    return np.ascontiguousarray(values.transpose(2 - inverse[::-1]))


def _geometry(image: sitk.Image) -> tuple[tuple[float, ...], ...]:
    return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()


def _millimetres(off: np.ndarray, grid: sitk.Image) -> float:
    return float((off * np.array(grid.GetSpacing())[:, None]).max())


def _say(name: str, *, turned: bool, off: float) -> None:
    if turned:
        said = f"{name} has its axes in another order or direction than the image and was put onto it by position"
    elif off > _UNSAID:
        said = f"{name} lies up to {off:.2g} mm off the image's voxels, as rounding leaves it, and was put onto them"
    else:
        return
    warnings.warn(said, ImageWarning, stacklevel=3)
