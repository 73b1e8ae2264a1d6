"""How far raters agree beyond chance. Units are rows, raters are columns; a missing rating is NaN.

Intervals resample units, so give :func:`agreement_interval` the subject of every unit where one person has several.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from crosscontrast.statistics.bootstrap import Interval, bootstrap_interval

Weights = Literal["none", "linear", "quadratic"]
Level = Literal["nominal", "ordinal", "interval"]
#: A coefficient of ratings (units x raters).
Coefficient = Callable[[np.ndarray], float]


def cohen_kappa(first: ArrayLike, second: ArrayLike, categories: Sequence[float], weights: Weights = "none") -> float:
    """Return Cohen's kappa of two raters (Psychol Bull 70:213-220, 1968, for the weighted one).

    ``categories`` lists all values in their order; disagreement weighs by the distance between their places (linear)
    or its square. Pairs with a NaN are left out. NaN where there is no pair or no disagreement is possible by chance.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    known = np.isfinite(a) & np.isfinite(b)
    rows, columns = (_places(values[known], categories) for values in (a, b))
    count = len(categories)
    table = np.bincount(rows * count + columns, minlength=count**2).reshape(count, count).astype(float)
    distance = np.abs(np.subtract.outer(np.arange(count), np.arange(count))).astype(float)
    cost = {"none": (distance > 0).astype(float), "linear": distance, "quadratic": distance**2}[weights]
    chance = float((np.outer(table.sum(axis=1), table.sum(axis=0)) * cost).sum())
    return 1 - float((table * cost).sum()) * table.sum() / chance if chance > 0 else float("nan")


def mean_kappa(ratings: ArrayLike, categories: Sequence[float], weights: Weights = "none") -> float:
    """Return the mean of Cohen's kappa over all pairs of raters (Light, Psychol Bull 76:365-377, 1971).

    Pairs of raters whose kappa is not defined are left out; NaN where all are.
    """
    values = np.asarray(ratings, dtype=float)
    kappas = [
        cohen_kappa(values[:, i], values[:, j], categories, weights) for i, j in combinations(range(values.shape[1]), 2)
    ]
    known = [kappa for kappa in kappas if np.isfinite(kappa)]
    return float(np.mean(known)) if known else float("nan")


def fleiss_kappa(ratings: ArrayLike) -> float:
    """Return Fleiss' kappa for nominal ratings (Psychol Bull 76:378-382, 1971).

    Only units that every rater rated count. NaN without one, or where all ratings are the same.
    """
    values = np.asarray(ratings, dtype=float)
    counts = category_counts(values[np.isfinite(values).all(axis=1)])
    if not counts.size or values.shape[1] < 2:
        return float("nan")
    raters = values.shape[1]
    observed = ((counts**2).sum(axis=1) - raters).mean() / (raters * (raters - 1))
    expected = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return float((observed - expected) / (1 - expected)) if expected < 1 else float("nan")


def krippendorff_alpha(ratings: ArrayLike, level: Level) -> float:
    """Return Krippendorff's alpha (Computing Krippendorff's Alpha-Reliability, 2011).

    Units with fewer than two ratings are left out; every other rating counts, whatever else is missing. NaN where
    no ratings can be paired or all are the same.
    """
    values = np.asarray(ratings, dtype=float)
    values = values[np.isfinite(values).sum(axis=1) >= 2]
    found = np.unique(values[np.isfinite(values)])
    if len(found) < 2:
        return float("nan")
    counts = category_counts(values)
    raters = counts.sum(axis=1, keepdims=True)
    coincidence = (counts / (raters - 1)).T @ counts - np.diag((counts / (raters - 1)).sum(axis=0))
    totals = coincidence.sum(axis=1)
    distance = _squared_distance(found, totals, level)
    expected = float((np.outer(totals, totals) * distance).sum()) / (totals.sum() - 1)
    return 1 - float((coincidence * distance).sum()) / expected


def icc_agreement(ratings: ArrayLike) -> float:
    """Return ICC(A,1), absolute agreement of single ratings in a two-way random model.

    ICC(2,1) of Shrout and Fleiss (Psychol Bull 86:420-428, 1979). Only units that every rater rated count; NaN for
    fewer than two units or raters and where nothing varies.
    """
    between, among, error, units, raters = _mean_squares(ratings)
    total = between + (raters - 1) * error + raters * (among - error) / max(units, 1)
    return _share(between - error, total)


def icc_consistency(ratings: ArrayLike) -> float:
    """Return ICC(C,1), consistency of single ratings: raters may differ by a constant. Else as :func:`icc_agreement`.

    McGraw and Wong, Psychol Methods 1:30-46, 1996; ICC(3,1) of Shrout and Fleiss.
    """
    between, _, error, _, raters = _mean_squares(ratings)
    return _share(between - error, between + (raters - 1) * error)


def icc_agreement_of_means(ratings: ArrayLike) -> float:
    """Return ICC(A,k), absolute agreement of the mean of all raters. Else as :func:`icc_agreement`.

    McGraw and Wong, Psychol Methods 1:30-46, 1996; ICC(2,k) of Shrout and Fleiss. Larger than ICC(A,1), and of use only
    where the mean of as many raters is what will be used.
    """
    between, among, error, units, _ = _mean_squares(ratings)
    return _share(between - error, between + (among - error) / max(units, 1))


def _mean_squares(ratings: ArrayLike) -> tuple[float, float, float, int, int]:
    """Return the mean squares between units, among raters and of the rest, and the numbers of units and raters."""
    x = np.asarray(ratings, dtype=float)
    x = x[np.isfinite(x).all(axis=1)]
    units, raters = x.shape
    if units < 2 or raters < 2:
        return float("nan"), float("nan"), float("nan"), units, raters
    rows, columns, mean = x.mean(axis=1), x.mean(axis=0), x.mean()
    between = raters * ((rows - mean) ** 2).sum() / (units - 1)
    among = units * ((columns - mean) ** 2).sum() / (raters - 1)
    error = ((x - rows[:, None] - columns + mean) ** 2).sum() / ((units - 1) * (raters - 1))
    return float(between), float(among), float(error), units, raters


def _share(part: float, total: float) -> float:
    return part / total if total > 0 else float("nan")


def category_counts(ratings: np.ndarray) -> np.ndarray:
    """Return how often each value that occurs was given to each unit (units x sorted values)."""
    found = np.unique(ratings[np.isfinite(ratings)])
    return (ratings[:, :, None] == found).sum(axis=1).astype(float)


def agreement_interval(
    ratings: ArrayLike,
    coefficient: Coefficient,
    *,
    subjects: Sequence[Hashable] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return a coefficient of ``ratings`` (units x raters, NaN for missing) and its 95 % bootstrap interval."""
    values = np.asarray(ratings, dtype=float)

    def of_rows(numbers: np.ndarray) -> float:
        return coefficient(values[numbers.astype(int)])

    return bootstrap_interval(np.arange(len(values)), of_rows, subjects=subjects, resamples=resamples, seed=seed)


def _places(values: np.ndarray, categories: Sequence[float]) -> np.ndarray:
    places = np.searchsorted(np.asarray(categories, dtype=float), values)
    if len(values) and not np.array_equal(
        np.asarray(categories, dtype=float)[np.minimum(places, len(categories) - 1)], values
    ):
        raise ValueError("a rating is none of the categories, or these are not in order")
    return places


def _squared_distance(values: np.ndarray, totals: np.ndarray, level: Level) -> np.ndarray:
    if level == "nominal":
        return 1 - np.eye(len(values))
    if level == "interval":
        return np.subtract.outer(values, values) ** 2
    # Ordinal: as many ratings as lie between two values, counting half of those at either end.
    middle = np.cumsum(totals) - totals / 2
    return np.subtract.outer(middle, middle) ** 2
