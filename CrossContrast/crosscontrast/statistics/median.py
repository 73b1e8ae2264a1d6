"""The median of independent values and its exact interval."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from crosscontrast.statistics.bootstrap import Interval


def median_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Return the median and the narrowest symmetric pair of order statistics that holds it with at least ``level``.

    Exact for any distribution (Conover, Practical Nonparametric Statistics, section 3.2), wider with ties. NaN are
    left out; the ends are NaN for fewer than 6 values at 95 %, because no pair of theirs is sure enough.
    """
    found = np.sort(np.asarray(values, dtype=float))
    found = found[np.isfinite(found)]
    count = len(found)
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0)
    rank = int(stats.binom.ppf((1 - level) / 2, count, 0.5))
    if stats.binom.cdf(rank, count, 0.5) > (1 - level) / 2:
        rank -= 1
    ends = (float(found[rank]), float(found[count - 1 - rank])) if rank >= 0 else (np.nan, np.nan)
    return Interval(float(np.median(found)), *ends, count)
