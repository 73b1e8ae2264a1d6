"""Radiomic statistics of a region that gradients pass through, and a loss that keeps them.

Intensities are spread softly over the grey levels: each voxel belongs to its two nearest levels by a triangular kernel.
Where all intensities lie on levels the statistics are exactly those of the usual, hard binning. Definitions follow the
Image Biomarker Standardisation Initiative (Zwanenburg et al., Radiology 295:328-338, 2020).
"""

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor

#: Grey levels between -1 and 1.
LEVELS = 16
FIRST_ORDER = ("mean", "deviation", "skewness", "kurtosis", "entropy", "uniformity")
COOCCURRENCE = ("contrast", "correlation", "joint_energy", "joint_entropy", "inverse_difference")
#: Differences are relative to the target's value, but not to less than this, for each statistic of the two groups.
_FLOORS = (0.1, 0.1, 0.5, 1.0, 0.5, 0.1, 1.0, 0.2, 0.05, 0.5, 0.2)
_TINY = 1e-8


def memberships(image: Tensor, levels: int = LEVELS) -> Tensor:
    """Return how much each voxel of ``image`` (B, 1, ...), from -1 to 1, belongs to each level: (B, levels, ...)."""
    place = (image.clamp(-1, 1) + 1) / 2 * (levels - 1)
    steps = torch.arange(levels, device=image.device, dtype=image.dtype).view(1, -1, *[1] * (image.ndim - 2))
    return (1 - (place - steps).abs()).clamp(min=0)


def first_order(image: Tensor, mask: Tensor, levels: int = LEVELS) -> Tensor:
    """Return the statistics :data:`FIRST_ORDER` (B, 6) of ``image`` (B, 1, ...) in ``mask`` (B, 1, ...).

    Entropy is in bits, kurtosis 3 for a Gaussian.
    """
    axes = tuple(range(1, image.ndim))
    count = mask.sum(axes).clamp(min=1)

    def expected(values: Tensor) -> Tensor:
        return (values * mask).sum(axes) / count

    mean = expected(image)
    centred = image - mean.view(-1, *[1] * (image.ndim - 1))
    variance = expected(centred**2) + _TINY
    histogram = (memberships(image, levels) * mask).flatten(2).sum(2) / count[:, None]
    return torch.stack(
        [
            mean,
            variance.sqrt(),
            expected(centred**3) / variance**1.5,
            expected(centred**4) / variance**2,
            -(histogram * torch.log2(histogram + _TINY)).sum(1),
            (histogram**2).sum(1),
        ],
        1,
    )


def cooccurrence_matrix(image: Tensor, mask: Tensor, levels: int = LEVELS) -> Tensor:
    """Return the symmetric co-occurrence matrix (B, levels, levels), summing to 1, over all neighbours at distance 1.

    Both voxels of a pair lie in the mask; the 4 (2D) or 13 (3D) directions are merged.
    """
    member = memberships(image, levels) * mask
    total = member.new_zeros(len(member), levels, levels)
    for offset in offsets(image.ndim - 2):
        one, other = (_shifted(member, offset, sign) for sign in (1, -1))
        total = total + torch.einsum("bin,bjn->bij", one.flatten(2), other.flatten(2))
    total = total + total.transpose(1, 2)
    return total / total.sum((1, 2), keepdim=True).clamp(min=_TINY)


def cooccurrence(image: Tensor, mask: Tensor, levels: int = LEVELS) -> Tensor:
    """Return the statistics :data:`COOCCURRENCE` (B, 5) of the co-occurrence matrix."""
    matrix = cooccurrence_matrix(image, mask, levels)
    step = torch.arange(levels, device=image.device, dtype=image.dtype)
    apart = step[:, None] - step[None]
    margin = matrix.sum(2)
    mean = (margin * step).sum(1)
    variance = (margin * (step[None] - mean[:, None]) ** 2).sum(1)
    centred = step[None] - mean[:, None]
    covariance = (matrix * centred[:, :, None] * centred[:, None]).sum((1, 2))
    return torch.stack(
        [
            (matrix * apart**2).sum((1, 2)),
            covariance / (variance + _TINY),
            (matrix**2).sum((1, 2)),
            -(matrix * torch.log2(matrix + _TINY)).sum((1, 2)),
            (matrix / (1 + apart.abs())).sum((1, 2)),
        ],
        1,
    )


def radiomics_loss(answer: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return the mean relative difference of all statistics between ``answer`` and ``target`` (B, 1, ...) in the mask.

    Samples with fewer than 32 voxels of mask say nothing and do not count.
    """
    box = _box(mask)
    answer, target, mask = answer[box], target[box], mask[box]
    enough = mask.flatten(1).sum(1) >= 32
    if not enough.any():
        return answer.sum() * 0

    def statistics(image: Tensor) -> Tensor:
        return torch.cat([first_order(image, mask), cooccurrence(image, mask)], 1)[enough]

    expected = statistics(target).detach()
    floor = torch.tensor(_FLOORS, device=answer.device)
    return ((statistics(answer) - expected).abs() / torch.maximum(expected.abs(), floor)).mean()


def offsets(dims: int) -> Iterator[tuple[int, ...]]:
    """Yield one of each pair of opposite directions to the neighbours at distance 1: 4 in 2D, 13 in 3D."""
    for offset in product((-1, 0, 1), repeat=dims):
        if offset > (0,) * dims:
            yield offset


def _shifted(values: Tensor, offset: tuple[int, ...], sign: int) -> Tensor:
    """Return the part of ``values`` that has (``sign`` 1) or is (-1) a neighbour in the direction ``offset``."""
    for axis, step in enumerate(offset, 2):
        length = values.shape[axis] - abs(step)
        values = values.narrow(axis, max(0, -step * sign), length)
    return values


def _box(mask: Tensor) -> tuple[slice, ...]:
    """Return the part of the batch in which the masks lie, with all of it where there is none."""
    inside = mask.flatten(0, 1).amax(0)
    places = torch.nonzero(inside)
    if not len(places):
        return (slice(None),) * mask.ndim
    low, high = places.amin(0).tolist(), places.amax(0).tolist()
    return (slice(None), slice(None), *(slice(a, b + 1) for a, b in zip(low, high, strict=True)))
