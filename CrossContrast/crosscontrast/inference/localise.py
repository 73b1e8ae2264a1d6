"""Finding the structure in a coarse result, so that the fine pass runs only around it."""

import numpy as np
from scipy import ndimage

#: Pieces with less than this share of the largest piece's mass do not widen the box: a vessel, a bit of face.
_SMALLEST_SHARE = 0.1
#: From this value on a network is sure.
SURE = 0.8


def main_pieces(values: np.ndarray, threshold: float) -> np.ndarray | None:
    """Return the mask of the main connected pieces of a soft map (three axes), or ``None`` where there is nothing."""
    above = values > threshold
    boxes = ndimage.find_objects(above.view(np.uint8))
    if not boxes:
        return None
    (box,) = boxes  # labelling only this takes a fifth of the time that the whole image takes
    pieces, count = ndimage.label(above[box])
    masses = np.asarray(ndimage.sum(values[box], pieces, range(count + 1)))
    masses[0] = 0
    above[box] = (masses >= _SMALLEST_SHARE * masses.max())[pieces]
    return above


def structure_box(
    values: np.ndarray,
    threshold: float,
    margin: tuple[float, ...],
    divisible_by: int,
    at_least: tuple[int, ...] = (1, 1, 1),
) -> tuple[slice, slice, slice] | None:
    """Return the box around the main pieces of a soft map (three axes), widened by ``margin`` voxels an axis.

    Where the map is large enough, sides are ``at_least`` so long, so that a window of that size sees what it would see
    in the whole image, and multiples of ``divisible_by``. Returns ``None`` where nothing is above the threshold.
    """
    mask = main_pieces(values, threshold)
    if mask is None:
        return None
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    sides = []
    for side, extent, wanted, least in zip(box, values.shape, margin, at_least, strict=True):
        low = max(0, int(side.start - wanted))
        high = min(extent, int(np.ceil(side.stop + wanted)))
        length = max(high - low, least)
        length = min(length + -length % divisible_by, extent)
        first = min(max(0, low - (length - (high - low)) // 2), extent - length)
        sides.append(slice(first, first + length))
    return sides[0], sides[1], sides[2]
