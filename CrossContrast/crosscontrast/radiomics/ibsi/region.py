"""The voxels that features are of: which of them count, and their grey levels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from crosscontrast.errors import BadInputError


@dataclass(frozen=True)
class Region:
    """A region with its surroundings; all arrays are (k, j, i).

    ``inside`` is IBSI's intensity mask, ``body`` its morphological mask, which keeps voxels that were left out for
    their intensity. ``spacing`` is in mm along k, j, i.
    """

    values: np.ndarray
    inside: np.ndarray
    body: np.ndarray
    spacing: tuple[float, float, float]

    @classmethod
    def of(cls, values: np.ndarray, inside: np.ndarray, spacing: Sequence[float], margin: float = 0.0) -> "Region":
        """Cut out the box of ``inside`` with ``margin`` mm of the image around it."""
        around = [math.ceil(margin / step) for step in spacing]
        box = _box(inside, around)
        part = inside[box].astype(bool)
        k, j, i = spacing
        return cls(values[box].astype(np.float64), part, part, (k, j, i))

    @property
    def chosen(self) -> np.ndarray:
        """The values that count, in the order of the array."""
        chosen: np.ndarray = self.values[self.inside]
        return chosen

    def tight(self) -> "Region":
        """Return the region without surroundings."""
        box = _box(self.body, [0, 0, 0])
        return Region(self.values[box], self.inside[box], self.body[box], self.spacing)

    def resegmented(self, limits: tuple[float | None, float | None] | None, outliers: float | None) -> "Region":
        """Return the region without voxels beyond ``limits``, or ``outliers`` standard deviations from the mean.

        IBSI's range (USB3) and outlier (7ACA) re-segmentation; both look at the region as it was. Raises
        :class:`BadInputError` where fewer than two different values remain.
        """
        inside = self.inside.copy()
        if limits:
            low, high = (-math.inf if limits[0] is None else limits[0], math.inf if limits[1] is None else limits[1])
            inside &= (self.values >= low) & (self.values <= high)
        if outliers is not None:
            inside &= np.abs(self.values - self.chosen.mean()) <= outliers * self.chosen.std()
        kept = self.values[inside]
        if not len(kept) or np.ptp(kept) == 0:
            raise BadInputError("The limits of the intensities leave no two different values in the region.")
        return replace(self, inside=inside)


@dataclass(frozen=True)
class Bins:
    """How intensities become grey levels from 1: ``count`` bins between minimum and maximum, or bins of ``width``.

    IBSI's fixed bin number (K15C) and fixed bin size (Q3RU); the latter begins at ``start``, by default the region's
    minimum.
    """

    count: int | None = None
    width: float | None = None
    start: float | None = None

    def levels(self, region: Region) -> np.ndarray:
        """Return the grey levels (int, 0 outside the region)."""
        values = region.values
        low, high = float(region.chosen.min()), float(region.chosen.max())
        if self.width is not None:
            level = np.floor((values - (low if self.start is None else self.start)) / self.width) + 1
        else:
            assert self.count is not None
            level = np.minimum(np.floor(self.count * (values - low) / (high - low)) + 1, self.count)
        found: np.ndarray = np.where(region.inside, np.maximum(level, 1), 0).astype(np.int64)
        return found


def _box(inside: np.ndarray, around: Sequence[int]) -> tuple[slice, ...]:
    slices = []
    for axis, more in enumerate(around):
        places = np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))
        slices.append(slice(max(0, int(places[0]) - more), int(places[-1]) + 1 + more))
    return tuple(slices)
