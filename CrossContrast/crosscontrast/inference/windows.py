"""Sliding a 2D, 2.5D or 3D network over an array."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.models.spec import Windowing
from crosscontrast.progress import Progress

Network = Callable[[Tensor], Tensor]


def slide(network: Network, x: Tensor, windowing: Windowing, overlap: float, progress: Progress) -> Tensor:
    """Apply a network to all of ``x`` (C, D, H, W) by overlapping windows and return (outputs, D, H, W).

    Windows are averaged with Gaussian weights by MONAI. Where the array is smaller than the window, the window shrinks
    to the next size that the network can divide.
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


def _slide(network: Network, x: Tensor, windowing: Windowing, overlap: float, progress: Progress) -> Tensor:
    from monai.inferers.utils import sliding_window_inference

    # At least two units: normalisation over a single deepest voxel means nothing.
    size = [
        min(window, max(math.ceil(extent / windowing.divisible_by), 2) * windowing.divisible_by)
        for window, extent in zip(windowing.size, x.shape[2:], strict=True)
    ]
    total = len(x) * math.prod(
        math.ceil(max(extent - window, 0) / max(int(window * (1 - overlap)), 1)) + 1
        for window, extent in zip(size, x.shape[2:], strict=True)
    )
    done = 0

    def run(batch: Tensor) -> Tensor:
        nonlocal done
        result = network(batch)
        done += len(batch)
        progress(min(done, total), total, f"window {min(done, total)} of {total}")
        return result

    # Replicated borders, because a cord that leaves the field of view should seem to go on rather than end.
    padding = [max(window - extent, 0) for window, extent in zip(size, x.shape[2:], strict=True)]
    before = [p // 2 for p in padding]
    pads = [side for low, p in zip(before[::-1], padding[::-1], strict=True) for side in (low, p - low)]
    padded = functional.pad(x, pads, mode="replicate")
    result = sliding_window_inference(padded, size, windowing.batch, run, overlap=overlap, mode="gaussian")
    assert isinstance(result, Tensor)  # one output per network, not MONAI's tuples or dictionaries
    inside = tuple(slice(low, low + extent) for low, extent in zip(before, x.shape[2:], strict=True))
    return result[(slice(None), slice(None), *inside)]
