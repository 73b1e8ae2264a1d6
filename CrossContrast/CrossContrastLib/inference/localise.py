"""Finding the structure in a coarse result, so that the fine pass runs only around it."""

import numpy as np
from scipy import ndimage

#: Pieces with less than this share of the largest piece's mass do not widen the box: a vessel, a bit of face.
_SMALLEST_SHARE = 0.1


def structure_box(
    values: np.ndarray, threshold: float, margin: tuple[float, float, float], divisible_by: int
) -> tuple[slice, slice, slice] | None:
    """Return the box around the main pieces of a soft map (three axes), widened by ``margin`` voxels an axis.

    Sides are multiples of ``divisible_by`` where the map is large enough. Returns ``None`` where nothing is above.
    """
    pieces, count = ndimage.label(values > threshold)
    if not count:
        return None
    masses = ndimage.sum(values, pieces, range(1, count + 1))
    boxes = [
        box
        for box, mass in zip(ndimage.find_objects(pieces), masses, strict=True)
        if mass >= _SMALLEST_SHARE * masses.max()
    ]
    sides = []
    for axis, (extent, wanted) in enumerate(zip(values.shape, margin, strict=True)):
        low = max(0, int(min(box[axis].start for box in boxes) - wanted))
        high = min(extent, int(np.ceil(max(box[axis].stop for box in boxes) + wanted)))
        missing = min(-(high - low) % divisible_by, extent - (high - low))
        low = max(0, low - missing // 2)
        sides.append(slice(low, min(extent, high + missing - missing // 2)))
    return sides[0], sides[1], sides[2]
