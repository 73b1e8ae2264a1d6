"""Sliding a 2D, 2.5D or 3D network over an array."""

import math
from collections.abc import Callable, Sequence
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.models.spec import Windowing
from crosscontrast.progress import Progress

Network = Callable[[Tensor], Tensor]

# Not by MONAI, of which no part can be imported without the whole: 3 s of processor time in every new process.
#: The weights of a window's voxels: standard deviation as a share of its sides, and the least that a voxel counts.
_WIDTH, _LEAST = 0.125, 1e-3


def slide(network: Network, x: Tensor, windowing: Windowing, overlap: float, progress: Progress) -> Tensor:
    """Apply a network to all of ``x`` (C, D, H, W) by overlapping windows and return (outputs, D, H, W).

    Windows lie where MONAI's ``sliding_window_inference`` puts them, and are averaged with its Gaussian weights. Where
    the array is smaller than the window, the window shrinks to the next size that the network can divide.
    """
    if len(windowing.size) == 3:
        return _slide(network, x[None], windowing, overlap, progress)[0]
    slices = _as_slices(x, windowing)
    return _slide(network, slices, windowing, overlap, progress).movedim(0, 1).movedim(1, windowing.slice_axis + 1)


def _as_slices(x: Tensor, windowing: Windowing) -> Tensor:
    """(C, D, H, W) -> (slices, C * (2 neighbours + 1), ...); at the ends the last slice stands for its neighbours."""
    slices = x.movedim(windowing.slice_axis + 1, 0)
    positions = torch.arange(len(slices))
    shifts = range(-windowing.neighbours, windowing.neighbours + 1)
    return torch.cat([slices[(positions + shift).clamp(0, len(slices) - 1)] for shift in shifts], dim=1)


def importance(size: Sequence[int]) -> Tensor:
    """Return how much each voxel of a window of ``size`` counts: a Gaussian, wide an eighth of the window's sides."""
    sides = [torch.exp(-0.5 * ((torch.arange(n, dtype=torch.float32) - (n - 1) / 2) / (_WIDTH * n)) ** 2) for n in size]
    return math.prod(torch.meshgrid(sides, indexing="ij"), start=torch.ones(())).clamp(min=_LEAST)


def _slide(network: Network, x: Tensor, windowing: Windowing, overlap: float, progress: Progress) -> Tensor:
    # At least two units: normalisation over a single deepest voxel means nothing.
    size = [
        min(window, max(math.ceil(extent / windowing.divisible_by), 2) * windowing.divisible_by)
        for window, extent in zip(windowing.size, x.shape[2:], strict=True)
    ]
    # Replicated borders, because a cord that leaves the field of view should seem to go on rather than end.
    padding = [max(window - extent, 0) for window, extent in zip(size, x.shape[2:], strict=True)]
    before = [p // 2 for p in padding]
    pads = [side for low, p in zip(before[::-1], padding[::-1], strict=True) for side in (low, p - low)]
    padded = functional.pad(x, pads, mode="replicate") if any(pads) else x
    result = _blended(network, padded, size, windowing.batch, overlap, progress)
    inside = tuple(slice(low, low + extent) for low, extent in zip(before, x.shape[2:], strict=True))
    return result[(slice(None), slice(None), *inside)]


def _blended(
    network: Network, x: Tensor, size: Sequence[int], batch: int, overlap: float, progress: Progress
) -> Tensor:
    """(B, C, ...) -> (B, outputs, ...): the mean of overlapping windows, weighted by :func:`importance`."""
    firsts = [_firsts(extent, window, overlap) for extent, window in zip(x.shape[2:], size, strict=True)]
    regions = [
        (slice(None), *(slice(first, first + window) for first, window in zip(place, size, strict=True)))
        for place in product(*firsts)
    ]
    windows = [(number, region) for number in range(len(x)) for region in regions]
    weight = importance(size)
    weights, values = torch.zeros(1, *x.shape[2:]), torch.empty(0)
    for region in regions:
        weights[region] += weight
    for begin in range(0, len(windows), batch):
        chosen = windows[begin : begin + batch]
        answers = network(torch.stack([x[number][region] for number, region in chosen]))
        if not begin:
            values = answers.new_zeros(len(x), answers.shape[1], *x.shape[2:])
        for (number, region), answer in zip(chosen, answers, strict=True):
            values[number][region] += answer * weight
        done = begin + len(chosen)
        progress(done, len(windows), f"window {done} of {len(windows)}")
    return values.div_(weights)


def _firsts(extent: int, window: int, overlap: float) -> list[int]:
    """Return where windows begin that cover an axis; the last one is moved back to end with it."""
    step = window if window == extent else max(int(window * (1 - overlap)), 1)
    return [min(step * number, extent - window) for number in range(math.ceil((extent - window) / step) + 1)]
