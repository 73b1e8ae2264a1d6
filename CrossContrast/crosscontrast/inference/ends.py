"""Where somebody says that a long structure ends."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from crosscontrast.errors import BadInputError


def range_between(ends: Sequence[float], inside: Sequence[float], masses: np.ndarray) -> tuple[int, int]:
    """Return the first and the last slice of a structure, of which ``masses`` says how much is in each slice.

    It ends in the slices ``ends``, which belong to it, and goes through ``inside`` (both are places along it, in
    slices). Where nobody said through where it goes, it is where most of its mass is. Raises :class:`BadInputError`
    where an end lies between two places of ``inside`` or in the slice of all of them.
    """
    stops = sorted({min(max(round(place), 0), len(masses) - 1) for place in ends})
    ranges = list(pairwise([0, *stops, len(masses) - 1]))
    if not inside:
        return max(ranges, key=lambda part: float(masses[part[0] : part[1] + 1].sum()))
    through = [round(place) for place in inside]
    fitting = [(low, high) for low, high in ranges if low <= min(through) and max(through) <= high]
    if len(fitting) != 1:
        raise BadInputError("The cord cannot end between two points that lie in it, nor in the slice of such a point.")
    return fitting[0]
