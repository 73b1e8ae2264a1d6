"""What many tests at once do to their p values; for a false discovery rate take SciPy's own function."""

import numpy as np
from numpy.typing import ArrayLike


def holm(p_values: ArrayLike) -> np.ndarray:
    """Return the p values of one family adjusted by Holm's step-down method (Scand J Statist 6:65-70, 1979).

    Rejecting where the adjusted value is at most alpha keeps the chance of any false rejection at alpha, however the
    tests depend on each other. NaN, a test that could not be made, stays NaN and does not count.
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    weighted = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(weighted), 1.0)
    return adjusted
