"""The coverage-weighted mean of registered masks, and its way back onto every contrast's own grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.softgt.contrast import Contrast
from crosscontrast.ground.images import image_like

#: Voxels of the common grid in mm: as fine as the finest contrast, within these bounds.
_FINEST, _COARSEST = 0.3, 1.0
#: Room in mm around the masks on the common grid.
_MARGIN = 10.0


@dataclass(frozen=True)
class Layer:
    """A mask on the common grid, multiplied by its coverage, and that coverage: arrays (k, j, i), float32 in [0, 1].

    Both were interpolated alike, so their ratio is the mask right up to the border of what was covered.
    """

    mask: np.ndarray
    coverage: np.ndarray


@dataclass(frozen=True)
class WarpedMask:
    """A contrast on the common grid: by its inner slices alone, and by all slices that it labels."""

    inner: Layer
    whole: Layer


@dataclass(frozen=True)
class Consensus:
    """Soft mask in [0, 1] and the voxels in which any contrast had a say, arrays (k, j, i) on ``grid``."""

    grid: sitk.Image
    soft: np.ndarray
    covered: np.ndarray


def common_grid(
    reference: Contrast, contrasts: Sequence[Contrast], transforms: Sequence[sitk.Euler3DTransform]
) -> sitk.Image:
    """Return an empty image in the reference's space and along its axes that holds all registered masks.

    Where a contrast sees more of the cord than the reference does, the grid reaches there too.
    """
    axes = np.array(reference.cord.GetDirection()).reshape(3, 3)
    corners = [
        np.array(transform.GetInverse().TransformPoint(corner)) @ axes
        for contrast, transform in zip(contrasts, transforms, strict=True)
        for corner in _mask_corners(contrast.cord)
    ]
    low, high = np.min(corners, axis=0) - _MARGIN, np.max(corners, axis=0) + _MARGIN
    finest = np.min([contrast.cord.GetSpacing() for contrast in contrasts], axis=0)
    spacing = np.clip(finest, _FINEST, _COARSEST)
    size = np.ceil((high - low) / spacing).astype(int) + 1
    grid = sitk.Image(size.tolist(), sitk.sitkUInt8)
    grid.SetSpacing(spacing.tolist())
    grid.SetDirection(axes.ravel().tolist())
    grid.SetOrigin((axes @ low).tolist())
    return grid


def warp(contrast: Contrast, transform: sitk.Transform, grid: sitk.Image) -> WarpedMask:
    """Carry a mask and its coverage linearly onto the common grid."""

    def layer(coverage: sitk.Image) -> Layer:
        weighted, weight = (
            sitk.GetArrayFromImage(sitk.Resample(image, grid, transform, sitk.sitkLinear, 0.0))
            for image in (contrast.cord * coverage, coverage)
        )
        return Layer(weighted, weight)

    return WarpedMask(inner=layer(contrast.coverage(inner=True)), whole=layer(contrast.coverage(inner=False)))


def consensus(warped: Sequence[WarpedMask], grid: sitk.Image, *, drop_ends: bool = False) -> Consensus:
    """Return sum of masks / sum of coverages, after Bédard et al. 2023 (arXiv 2310.15402).

    As there, the end slices of every mask are zeroed, in the mask and in its coverage: they bias nobody. Where no
    contrast has anything but an end slice, the paper's soft mask is 0 although there is cord; here the end slices then
    speak after all, because a network would learn from such zeros that cords stop short of the image's border.
    ``drop_ends`` does as the paper.
    """
    soft, covered = _mean([mask.inner for mask in warped])
    if not drop_ends:
        whole, reached = _mean([mask.whole for mask in warped])
        soft, covered = np.where(covered, soft, whole), covered | reached
    return Consensus(grid, soft, covered)


def onto(contrast: Contrast, found: Consensus, transform: sitk.Euler3DTransform) -> sitk.Image:
    """Carry the consensus onto the grid of the contrast's own mask: float32 in [0, 1], 0 where nobody had a say.

    Interpolated linearly. A voxel larger than those of the common grid takes the mean over its extent, which is what
    partial volume means; taken at its centre alone, a 5 mm slice would miss how the cord leans within it. Of a voxel
    that is covered in part, the covered part counts if it is at least half.
    """
    own = sitk.Image(contrast.mask.GetSize(), sitk.sitkUInt8)
    own.CopyInformation(contrast.mask)
    values = np.zeros(own.GetSize()[::-1], np.float32)
    corner, size = _box_on(own, found.grid, transform)
    if min(size) < 1:
        return image_like(values, contrast.mask)
    part = sitk.RegionOfInterest(own, size, corner)
    ratio = np.divide(part.GetSpacing(), _spacing_along(part, found.grid))
    factors = np.maximum(1, np.ceil(ratio - 0.01)).astype(int).tolist()
    fine, back = _subdivided(part, factors), transform.GetInverse()

    def carried(array: np.ndarray) -> np.ndarray:
        image = image_like(array.astype(np.float32), found.grid)
        return sitk.GetArrayFromImage(sitk.BinShrink(sitk.Resample(image, fine, back, sitk.sitkLinear, 0.0), factors))

    soft, covered = carried(found.soft * found.covered), carried(found.covered)
    box = tuple(slice(start, start + extent) for start, extent in zip(corner[::-1], size[::-1], strict=True))
    values[box] = np.where(covered >= 0.5, np.clip(soft / np.maximum(covered, 0.5), 0, 1), 0)
    return image_like(values, contrast.mask)


def _mean(layers: Sequence[Layer]) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean, and where at least half a contrast covers: up to the edge of the last slice covered."""
    masks, coverages = sum(layer.mask for layer in layers), sum(layer.coverage for layer in layers)
    covered = np.asarray(coverages >= 0.5)
    soft = np.divide(masks, coverages, out=np.zeros_like(masks), where=covered)
    return np.clip(soft, 0, 1), covered


def _mask_corners(mask: sitk.Image) -> list[tuple[float, ...]]:
    """Return the corners in mm of the box of voxels that the mask fills."""
    held = np.nonzero(sitk.GetArrayViewFromImage(mask))[::-1]
    bounds = [(int(axis.min()), int(axis.max())) for axis in held]
    return [mask.TransformIndexToPhysicalPoint((i, j, k)) for i in bounds[0] for j in bounds[1] for k in bounds[2]]


def _box_on(own: sitk.Image, grid: sitk.Image, transform: sitk.Euler3DTransform) -> tuple[list[int], list[int]]:
    """Return corner and size of the box of ``own``'s voxels that the grid may reach; a size of 0 where it does not."""
    ends = [(0, extent - 1) for extent in grid.GetSize()]
    corners = [grid.TransformIndexToPhysicalPoint((i, j, k)) for i in ends[0] for j in ends[1] for k in ends[2]]
    indices = np.array([own.TransformPhysicalPointToContinuousIndex(transform.TransformPoint(c)) for c in corners])
    low = np.maximum(np.floor(indices.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(indices.max(axis=0)).astype(int) + 1, own.GetSize())
    return low.tolist(), np.maximum(high - low, 0).tolist()


def _spacing_along(part: sitk.Image, grid: sitk.Image) -> np.ndarray:
    """Return the grid's voxel size in mm along each axis of ``part``, from the axes that are closest to each other."""
    turn = np.array(grid.GetDirection()).reshape(3, 3).T @ np.array(part.GetDirection()).reshape(3, 3)
    return np.array(grid.GetSpacing())[np.abs(turn).argmax(axis=0)]


def _subdivided(image: sitk.Image, factors: list[int]) -> sitk.Image:
    """Return an empty image whose voxels fill those of ``image`` evenly."""
    fine = sitk.Image([n * f for n, f in zip(image.GetSize(), factors, strict=True)], sitk.sitkUInt8)
    fine.SetSpacing([s / f for s, f in zip(image.GetSpacing(), factors, strict=True)])
    fine.SetDirection(image.GetDirection())
    fine.SetOrigin(image.TransformContinuousIndexToPhysicalPoint([0.5 / f - 0.5 for f in factors]))
    return fine
