"""Where a long structure may be: places that a coarse pass proposes, and places that somebody points at."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import ndimage

#: Pieces that lie this close together, in mm along the structure and across it, are one proposal: what thick slices or
#: an artefact have parted. A cord's nearest vessels are 4 mm away and more.
_ALONG, _ACROSS = 12.0, 2.0
#: Radius in mm of what stands for the structure where somebody pointed: less than any cord's but the conus's.
_POINTED = 3.5


def proposals(values: np.ndarray, threshold: float, axis: int, spacing: Sequence[float]) -> Iterator[np.ndarray]:
    """Yield masks of the pieces of a soft map (three axes) above ``threshold``, the one with the largest mass first.

    Pieces with little between them along ``axis`` come as one; one voxel is enough for a piece.
    """
    above = values > threshold
    near = above
    for along, side in enumerate(spacing):
        reach = (_ALONG if along == axis else _ACROSS) / 2
        near = ndimage.maximum_filter1d(near, 2 * round(reach / side) + 1, along)
    pieces, count = ndimage.label(near)
    pieces[~above] = 0
    masses = np.asarray(ndimage.sum(values, pieces, range(1, count + 1)))
    for number in np.argsort(-masses, kind="stable"):
        yield pieces == number + 1


def pointed_at(shape: Sequence[int], index: Sequence[float], spacing: Sequence[float]) -> np.ndarray:
    """Return the mask of a ball about ``index`` (voxels, three axes) in an array of ``shape``."""
    axes = (((np.arange(n) - place) * side) ** 2 for n, place, side in zip(shape, index, spacing, strict=True))
    ball = sum(np.ix_(*axes), np.zeros((1, 1, 1))) <= _POINTED**2
    ball[tuple(min(max(round(place), 0), n - 1) for n, place in zip(shape, index, strict=True))] = True
    return ball
