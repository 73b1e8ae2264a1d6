"""What many tests at once do to their p values."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


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


def benjamini_hochberg(p_values: ArrayLike) -> np.ndarray:
    """Return the p values of one family adjusted by Benjamini and Hochberg's method (J R Stat Soc B 57:289-300, 1995).

    Rejecting where the adjusted value is at most alpha keeps the expected share of false ones among the rejections at
    alpha. NaN, a test that could not be made, stays NaN and does not count.
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p[known])
    return adjusted
