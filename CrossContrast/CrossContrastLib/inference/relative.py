"""An image in units of the difference between a structure and what surrounds it, which no contrast can change."""

import torch
from torch import Tensor
from torch.nn import functional

#: An estimate's voxels count as inside from this share of its largest value on, as outside below the other share.
_INSIDE, _OUTSIDE = 0.6, 0.3
#: An estimate that is nowhere as large as this is none.
_LEAST = 0.1
#: Intensities drift along a structure; they are averaged over about this many slices.
_REACH = 6.0
#: Fewer voxels than this tell nothing about a tissue.
_ENOUGH = 8.0
#: Other tissues may be far away on this scale; how far does not matter.
LIMITS = (-3.0, 4.0)


def relative_contrast(image: Tensor, inner: Tensor, outer: Tensor) -> Tensor:
    """Return (D, H, W) in which the structure is about 1 and what surrounds it about 0, whatever the contrast.

    ``image`` (D, H, W) has any intensities; ``inner`` and ``outer`` (D, H, W) are first estimates of how far the
    structure (a cord), and the space that it lies in (its canal), fill each voxel. Their mean intensities are taken
    slice by slice of the first axis and smoothed along it. Where the two hardly differ, their difference counts as
    half of their spread, so that noise does not explode; where either is not known, the result is 0 everywhere.
    """
    if min(float(inner.max()), float(outer.max())) < _LEAST:
        return torch.zeros_like(image)
    inner, outer = inner / inner.max(), outer / outer.max()
    ramp = 1 - _INSIDE
    cord = ((inner - _INSIDE) / ramp).clamp(0, 1)
    fluid = ((outer - _INSIDE) / ramp).clamp(0, 1) * ((_OUTSIDE - inner) / _OUTSIDE).clamp(0, 1)
    if min(float(cord.sum()), float(fluid.sum())) < _ENOUGH:
        return torch.zeros_like(image)
    (cord_level, cord_spread), (fluid_level, fluid_spread) = _level(image, cord), _level(image, fluid)
    difference = cord_level - fluid_level
    least = (0.5 * (cord_spread + fluid_spread).sqrt()).clamp(min=1e-6)
    scale = torch.where(difference < 0, -1.0, 1.0) * torch.maximum(difference.abs(), least)
    return ((image - fluid_level) / scale).clamp(*LIMITS)


def relative_channel(images: Tensor, inner: Tensor, outer: Tensor, axis: int) -> Tensor:
    """Return (B, 1, three axes): :func:`relative_contrast` of each of a batch of windows (B, three axes).

    ``axis`` (0, 1 or 2) is the one along which the structure runs.
    """
    along = [part.movedim(axis + 1, 1) for part in (images, inner, outer)]
    relative = torch.stack([relative_contrast(*window) for window in zip(*along, strict=True)])
    return relative.movedim(1, axis + 1)[:, None]


def _level(image: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weighted mean around each slice (D, 1, 1), and the variance about it."""
    total = weight.sum()
    mean = (weight * image).sum() / total
    # The window's own mean, with little weight, stands in where a slice has no such voxels near.
    kernel = _gaussian(image)
    sums = torch.stack([(weight * (image - mean)).sum((1, 2)), weight.sum((1, 2))])
    reach = kernel.shape[-1] // 2
    padded = functional.pad(sums[:, None], (reach, reach))
    above, below = functional.conv1d(padded, kernel)[:, 0]
    level = mean + above / (below + 1e-3 * total / len(image) + 1e-6)
    level = level[:, None, None]
    return level, (weight * (image - level) ** 2).sum() / total


def _gaussian(like: Tensor) -> Tensor:
    reach = round(2.5 * _REACH)
    offsets = torch.arange(-reach, reach + 1, device=like.device, dtype=like.dtype)
    return torch.exp(-0.5 * (offsets / _REACH) ** 2)[None, None]
