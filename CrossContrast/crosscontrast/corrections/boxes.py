"""Parts of arrays, so that an edit of a few voxels does not cost a pass over the whole volume."""

import numpy as np

#: A part of an array (k, j, i).
Box = tuple[slice, slice, slice]


def box_of(mask: np.ndarray) -> Box | None:
    """Return the smallest part that holds all true voxels; ``None`` where there are none."""
    sides = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(mask.any(axis=others))
        if not len(found):
            return None
        sides.append(slice(int(found[0]), int(found[-1]) + 1))
    k, j, i = sides
    return k, j, i


def union(a: Box | None, b: Box | None) -> Box | None:
    """Return the smallest part that holds both."""
    if a is None or b is None:
        return a or b
    k, j, i = (slice(min(x.start, y.start), max(x.stop, y.stop)) for x, y in zip(a, b, strict=True))
    return k, j, i


def padded(box: Box, margins: tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """Return the part with ``margins`` (k, j, i) around it, within an array of this shape."""
    k, j, i = (
        slice(max(0, side.start - margin), min(size, side.stop + margin))
        for side, margin, size in zip(box, margins, shape, strict=True)
    )
    return k, j, i


def within(inner: Box, outer: Box) -> Box:
    """Return where ``inner`` lies in the part ``outer`` of the same array."""
    k, j, i = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(inner, outer, strict=True))
    return k, j, i


def placed(inner: Box, outer: Box) -> Box:
    """Return which part of the whole array the part ``inner`` of its part ``outer`` is."""
    k, j, i = (slice(a.start + b.start, a.stop + b.start) for a, b in zip(inner, outer, strict=True))
    return k, j, i
