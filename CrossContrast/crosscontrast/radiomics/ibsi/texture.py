"""The voxels of a region and which of them are neighbours, which every texture family is computed from."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

#: One of each pair of opposite directions (k, j, i) at Chebyshev distance 1.
_DIRECTIONS = [step for step in product((0, 1), (-1, 0, 1), (-1, 0, 1)) if step > (0, 0, 0)]


@dataclass(frozen=True)
class Texture:
    """The voxels of one region or of several side by side.

    ``levels`` (n,) are the grey levels from 1, ``sample`` (n,) says which of the ``samples`` regions a voxel belongs
    to. ``pairs`` holds for each direction the numbers of the voxels that are neighbours along it, first and second.
    """

    levels: np.ndarray
    sample: np.ndarray
    samples: int
    pairs: tuple[tuple[np.ndarray, np.ndarray], ...]

    @classmethod
    def of(cls, levels: np.ndarray, *, flat: bool = False) -> "Texture":
        """Find the voxels of ``levels`` (samples, k, j, i), 0 outside; ``flat`` sees neighbours in a slice only."""
        inside = levels > 0
        number = np.full(levels.shape, -1, np.int32)
        number[inside] = np.arange(np.count_nonzero(inside))
        steps = [step for step in _DIRECTIONS if not (flat and step[0])]
        pairs = []
        for step in steps:
            first = number[(slice(None), *(slice(max(0, -s), min(0, -s) or None) for s in step))]
            second = number[(slice(None), *(slice(max(0, s), min(0, s) or None) for s in step))]
            both = (first >= 0) & (second >= 0)
            pairs.append((first[both], second[both]))
        return cls(levels[inside], np.nonzero(inside)[0], len(levels), tuple(pairs))

    def pooled(self) -> "Texture":
        """Return the same voxels as one region, whose neighbours are those of the parts."""
        return Texture(self.levels, np.zeros_like(self.sample), 1, self.pairs)

    @cached_property
    def counts(self) -> np.ndarray:
        """The number of voxels of each sample."""
        return np.bincount(self.sample, minlength=self.samples)

    @cached_property
    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """The grey levels that occur, and the place of each voxel's level among them."""
        found, place = np.unique(self.levels, return_inverse=True)
        return found.astype(float), place

    def alike(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs of equal levels."""
        same = self.levels[first] == self.levels[second]
        return first[same], second[same]

    def joined(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Join the voxels that pairs connect; returns the part each voxel belongs to, and a voxel of each part."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        count = len(self.levels)
        graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(count, count))
        parts, part = connected_components(graph, directed=False)
        member = np.empty(parts, int)
        member[part] = np.arange(count)
        return part, member


def overall(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of those that are known, NaN where none is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean: np.ndarray = np.where(known, values, 0).sum(-1) / known.sum(-1)
    return mean
