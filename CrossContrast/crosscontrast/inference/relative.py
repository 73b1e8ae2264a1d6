"""An image in units of the difference between a structure and what surrounds it, which no contrast can change."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

#: An estimate's voxels count as inside from this share of its largest value on, as outside below the other share.
_INSIDE, _OUTSIDE = 0.6, 0.3
#: An estimate that is nowhere as large as this is none.
_LEAST = 0.1
#: Fewer voxels than this tell nothing about a tissue.
_ENOUGH = 8.0
#: Other tissues may be far away on this scale; how far does not matter.
LIMITS = (-3.0, 4.0)


def relative_contrast(image: Tensor, inner: Tensor, outer: Tensor, reaches: Sequence[float]) -> Tensor:
    """Return (D, H, W) in which the structure is about 1 and what surrounds it about 0, whatever the contrast.

    ``image`` (D, H, W) has any intensities; ``inner`` and ``outer`` (D, H, W) are first estimates of how far the
    structure (a cord), and the space that it lies in (its canal), fill each voxel. Their mean intensities are taken
    slice by slice of the first axis and smoothed along it by a Gaussian of ``reaches`` slices. Of several, from long to
    short, each corrects the one before as far as the estimates know enough near a slice: short ones follow the ends of
    a slab, where fluid becomes brighter than a cord within two thick slices. Where the two hardly differ, their
    difference counts as half of their spread, so that noise does not explode; where either is not known, the result is
    0 everywhere.
    """
    if min(float(inner.max()), float(outer.max())) < _LEAST:
        return torch.zeros_like(image)
    inner, outer = inner / inner.max(), outer / outer.max()
    ramp = 1 - _INSIDE
    cord = ((inner - _INSIDE) / ramp).clamp(0, 1)
    fluid = ((outer - _INSIDE) / ramp).clamp(0, 1) * ((_OUTSIDE - inner) / _OUTSIDE).clamp(0, 1)
    if min(float(cord.sum()), float(fluid.sum())) < _ENOUGH:
        return torch.zeros_like(image)
    (cord_level, cord_spread), (fluid_level, fluid_spread) = (
        _level(image, tissue, reaches) for tissue in (cord, fluid)
    )
    difference = cord_level - fluid_level
    least = (0.5 * (cord_spread + fluid_spread).sqrt()).clamp(min=1e-6)
    scale = torch.where(difference < 0, -1.0, 1.0) * torch.maximum(difference.abs(), least)
    return ((image - fluid_level) / scale).clamp(*LIMITS)


def relative_channel(images: Tensor, inner: Tensor, outer: Tensor, axis: int, reaches: Sequence[float]) -> Tensor:
    """Return (B, 1, three axes): :func:`relative_contrast` of each of a batch of windows (B, three axes).

    ``axis`` (0, 1 or 2) is the one along which the structure runs.
    """
    along = zip(*(part.movedim(axis + 1, 1) for part in (images, inner, outer)), strict=True)
    relative = torch.stack([relative_contrast(image, cord, canal, reaches) for image, cord, canal in along])
    return relative.movedim(1, axis + 1)[:, None]


def _level(image: Tensor, weight: Tensor, reaches: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Return the weighted mean around each slice (D, 1, 1), and the variance about it."""
    # All that is needed of the voxels are three sums over each slice: a third of the time of passes over the window.
    values, weights = image.flatten(1), weight.flatten(1)
    weighted = weights * values
    known, first, second = weights.sum(1), weighted.sum(1), (weighted * values).sum(1)
    total = known.sum()
    level = (first.sum() / total).expand(len(image))
    for reach in reaches:
        # What is known so far, with little weight, stands in where a slice has no such voxels near.
        above, below = _smooth(torch.stack([first - level * known, known]), reach)
        level = level + above / (below + 1e-3 * total / len(image) + 1e-6)
    variance = (second - 2 * level * first + level**2 * known).sum() / total
    return level[:, None, None], variance.clamp(min=0)


def _smooth(sums: Tensor, reach: float) -> Tensor:
    """Return each row (n, D) of sums added up under a Gaussian of ``reach`` slices."""
    far = round(2.5 * reach)
    offsets = torch.arange(-far, far + 1, device=sums.device, dtype=sums.dtype)
    kernel = torch.exp(-0.5 * (offsets / reach) ** 2)[None, None]
    return functional.conv1d(functional.pad(sums[:, None], (far, far)), kernel)[:, 0]
