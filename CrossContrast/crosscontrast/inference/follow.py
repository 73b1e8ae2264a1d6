"""Windows that follow a long structure, such as a cord, so that the network always sees it in their middle."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import torch
from torch import Tensor

from crosscontrast.inference.localise import main_pieces
from crosscontrast.inference.windows import importance

Start = tuple[int, int, int]
#: (windows (B, C, D, H, W), not normalised; estimates so far (B, outputs, D, H, W)) -> values (B, outputs, D, H, W)
Predict = Callable[[Tensor, Tensor], Tensor]

#: A window may find this many voxels more at an end before the structure counts as longer than it was.
_GROWTH = 3


@dataclass
class Follower:
    """Replaces ``values`` (outputs, three axes) around a structure by what windows centred on it say.

    ``values`` are those of a coarse pass; ``output`` is the channel that shows the structure, where it exceeds
    ``threshold``. Windows have ``size`` voxels and follow each other along ``axis``, overlapping by ``overlap``; they
    reach ``margin`` voxels beyond the ends, and may reach beyond the image, which then goes on as it ends. Before the
    first and after the last slice of ``within`` there is nothing, whatever windows see there.
    """

    values: np.ndarray
    output: int
    threshold: float
    size: Start
    overlap: float
    axis: int
    margin: int
    within: tuple[int, int] | None = None
    _sum: np.ndarray = field(init=False)
    _weight: np.ndarray = field(init=False)
    _importance: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._sum = np.zeros_like(self.values)
        self._weight = np.zeros(self.values.shape[1:], np.float32)
        self._stop()
        self._importance = importance(self.size).numpy()

    def run(self, x: Tensor, predict: Predict, batch: int) -> Iterator[tuple[int, int]]:
        """Follow the structure through ``x`` (C, three axes); yields (windows done, windows known of)."""
        starts, done = self._along(self._extent()), 0
        reached = self._span(starts)
        while starts:
            total = done + len(starts)
            for chosen in (starts[i : i + batch] for i in range(0, len(starts), batch)):
                windows, known_so_far = (
                    torch.stack([cut(volume, start, self.size) for start in chosen])
                    for volume in (x, torch.from_numpy(self.values))
                )
                answers = predict(windows, known_so_far)
                for start, answer in zip(chosen, answers, strict=True):
                    self._blend(start, answer.numpy())
                done += len(chosen)
                yield done, total
            known = self._weight > 0
            self.values[:, known] = self._sum[:, known] / self._weight[known]
            self._stop()
            starts, reached = self._beyond(reached)

    @property
    def seen(self) -> np.ndarray:
        """Mask (three axes) of what windows have covered."""
        return np.asarray(self._weight > 0)

    def _stop(self) -> None:
        """Let there be nothing beyond the ends that are known."""
        if self.within:
            along = np.moveaxis(self.values, 1 + self.axis, 0)
            along[: self.within[0]] = along[self.within[1] + 1 :] = 0

    def _extent(self) -> "_Extent | None":
        """Where the structure is; ``None`` if nowhere."""
        return _Extent.of(main_pieces(self.values[self.output], self.threshold), self.axis)

    def _along(self, extent: "_Extent | None") -> list[Start]:
        """Starts of the windows from one end of the structure to the other."""
        if extent is None:
            return []
        length, n = self.size[self.axis], self.values.shape[1 + self.axis]
        low, high = max(extent.first - self.margin, 0), min(extent.last + 1 + self.margin, n)
        count = max(math.ceil((high - low - length) / (length * (1 - self.overlap))), 0) + 1
        if count == 1:
            firsts = [round((low + high - length) / 2)]
        else:
            firsts = [round(first) for first in np.linspace(low, high - length, count)]
        return [start for first in firsts for start in self._slab(extent, first)]

    def _slab(self, extent: "_Extent", first: int) -> list[Start]:
        """Starts of the windows that begin at ``first`` along the axis: one in its middle, or several if it is wide."""
        (low, high) = extent.across(first, first + self.size[self.axis])
        others = [axis for axis in range(3) if axis != self.axis]
        places = []
        for axis, begin, end in zip(others, low, high, strict=True):
            size = self.size[axis]
            room = min(self.margin, size // 4)
            if end - begin <= size - room:
                places.append([round((begin + end - size) / 2)])
            else:
                count = math.ceil((end - begin + 2 * room - size) / (size * (1 - self.overlap))) + 1
                places.append([round(p) for p in np.linspace(begin - room, end + room - size, count)])
        starts = []
        for place in product(*places):
            start = list(place)
            start.insert(self.axis, first)
            starts.append((start[0], start[1], start[2]))
        return starts

    def _span(self, starts: Sequence[Start]) -> tuple[int, int]:
        """How far windows reach along the axis."""
        firsts = [start[self.axis] for start in starts]
        return (min(firsts), max(firsts) + self.size[self.axis]) if firsts else (0, 0)

    def _beyond(self, reached: tuple[int, int]) -> tuple[list[Start], tuple[int, int]]:
        """Windows for what the last ones found near the ends of their reach, and the new reach."""
        extent, n = self._extent(), self.values.shape[1 + self.axis]
        low, high = reached
        if extent is None or low >= high:
            return [], reached
        length = self.size[self.axis]
        step = length // 4  # at least, so that this ends
        firsts = []
        if low > 0 and extent.first < low + self.margin - _GROWTH:
            low = min(extent.first - length // 2, low - step)
            firsts.append(low)
        if high < n and extent.last >= high - self.margin + _GROWTH:
            high = max(extent.last + length // 2, high + step)
            firsts.append(high - length)
        return [start for first in firsts for start in self._slab(extent, first)], (low, high)

    def _blend(self, start: Start, answer: np.ndarray) -> None:
        """Add a window's answer to the sums, as far as it lies in the image."""
        inside, own = [], []
        for begin, size, n in zip(start, self.size, self.values.shape[1:], strict=True):
            low, high = max(begin, 0), min(begin + size, n)
            if low >= high:
                return
            inside.append(slice(low, high))
            own.append(slice(low - begin, high - begin))
        weight = self._importance[tuple(own)]
        self._sum[(slice(None), *inside)] += answer[(slice(None), *own)] * weight
        self._weight[tuple(inside)] += weight


@dataclass(frozen=True)
class _Extent:
    """The voxels (n, 3) of a structure, sorted along ``axis``."""

    voxels: np.ndarray
    axis: int

    @classmethod
    def of(cls, mask: np.ndarray | None, axis: int) -> "_Extent | None":
        if mask is None:
            return None
        voxels = np.argwhere(mask)
        return cls(voxels[np.argsort(voxels[:, axis], kind="stable")], axis)

    @property
    def first(self) -> int:
        return int(self.voxels[0, self.axis])

    @property
    def last(self) -> int:
        return int(self.voxels[-1, self.axis])

    def across(self, begin: int, end: int) -> tuple[list[int], list[int]]:
        """First and one past the last index along the other two axes, between ``begin`` and ``end`` along this one.

        Where the structure has a gap there, its nearest slice stands for it.
        """
        along = self.voxels[:, self.axis]
        chosen = self.voxels[np.searchsorted(along, begin) : np.searchsorted(along, end)]
        if not len(chosen):
            nearest = along[np.abs(along - (begin + end) / 2).argmin()]
            chosen = self.voxels[along == nearest]
        others = np.delete(chosen, self.axis, axis=1)
        return others.min(0).tolist(), (others.max(0) + 1).tolist()


def cut(x: Tensor, start: Start, size: Start) -> Tensor:
    """Return the window of ``size`` at ``start`` of (C, three axes); beyond the border the last voxels are repeated."""
    for dim, (begin, length) in enumerate(zip(start, size, strict=True), start=1):
        x = x.index_select(dim, torch.arange(begin, begin + length).clamp(0, x.shape[dim] - 1))
    return x
