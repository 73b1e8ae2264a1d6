"""The mean of a measure over the held-out parts of repeated cross-validation, with an interval that holds.

The parts share their training data, so their measures are not independent, and drawing subjects from the finished
scores leaves out that other training data would have given other models.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class HeldOutMean:
    """A mean over held-out parts, its standard error and 95 % interval; ``p`` is that of the mean being ``null``.

    Error, ends and ``p`` are NaN where fewer than two parts have a value or all have the same.
    """

    estimate: float
    error: float
    low: float
    high: float
    p: float


def held_out_mean(values: ArrayLike, null: float = 0.0, level: float = 0.95) -> HeldOutMean:
    """Return the mean of ``values`` (repeats x folds, NaN for parts without a value) with its corrected interval.

    The variance of the parts counts (1/number + test/training share) times (Nadeau and Bengio, Mach Learn 52:239-281,
    2003). The quantiles are Student's with one degree of freedom less than folds: repeats cut the same subjects anew
    and add none. With one less than all parts, as is often done, 14 of 100 intervals missed an area of .5 on noise of
    40 subjects with three images each, and 5 of 100 with these.
    """
    table = np.atleast_2d(np.asarray(values, dtype=float))
    known = table[np.isfinite(table)]
    if not len(known):
        return HeldOutMean(*[float("nan")] * 5)
    estimate = float(known.mean())
    folds = table.shape[1]
    if len(known) < 2 or np.ptp(known) == 0:
        return HeldOutMean(estimate, *[float("nan")] * 4)
    error = float(np.sqrt((1 / len(known) + 1 / (folds - 1)) * known.var(ddof=1)))
    df = folds - 1
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    p = float(2 * stats.t.sf(abs(estimate - null) / error, df))
    return HeldOutMean(estimate, error, estimate - half, estimate + half, p)
