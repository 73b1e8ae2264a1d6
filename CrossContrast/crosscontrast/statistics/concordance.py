"""Harrell's concordance: how often the one who was at higher risk was the first to have the event."""

import numpy as np
from numpy.typing import ArrayLike


def concordance(risk: ArrayLike, times: ArrayLike, events: ArrayLike) -> float:
    """Return Harrell's C (JAMA 247:2543-2546, 1982): 0.5 tells nothing, 1 orders all; NaN where no pair can be judged.

    A pair can be judged where the one had the event before the other's time, or at the time at which the other was last
    seen without it. Equal risks count half.
    """
    r, t = np.asarray(risk, float), np.asarray(times, float)
    e = np.asarray(events, bool)
    first = e[:, None] & ((t[:, None] < t) | ((t[:, None] == t) & ~e))
    count = np.count_nonzero(first)
    if not count:
        return float("nan")
    right = np.count_nonzero(first & (r[:, None] > r))
    equal = np.count_nonzero(first & (r[:, None] == r))
    return (right + equal / 2) / count
