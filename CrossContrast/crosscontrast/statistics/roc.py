"""Receiver operating characteristic (ROC) of ratings, and what DeLong's method says of its area."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class AreaEstimate:
    """An area under the ROC curve with its standard error and 95 % interval.

    The interval is NaN where the standard error is 0 (perfect separation), because then it says nothing.
    """

    area: float
    error: float
    low: float
    high: float
    positives: int
    negatives: int


@dataclass(frozen=True)
class AreaTest:
    """The difference first - second of two areas read from the same cases; ``p`` is two-sided, NaN without variance."""

    difference: float
    error: float
    z: float
    p: float


def roc_points(scores: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return false and true positive rates for every threshold, from (0, 0) to (1, 1), highest scores first."""
    values, positive = _checked(scores, truth)
    thresholds = np.unique(values)[::-1]
    called = values[None, :] >= thresholds[:, None]
    rates = [(called & group).sum(axis=1) / group.sum() for group in (~positive, positive)]
    return np.concatenate([[0.0], rates[0]]), np.concatenate([[0.0], rates[1]])


def delong(scores: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the areas of several curves read from the same cases, and their covariance matrix.

    ``scores`` is (curves x cases) without NaN, ``truth`` says which cases are positive. Method: DeLong et al.,
    Biometrics 44:837-845, 1988; ties count half.
    """
    areas, of_positives, of_negatives = _placements(scores, truth)
    covariance = _covariance(of_positives) / of_positives.shape[1] + _covariance(of_negatives) / of_negatives.shape[1]
    return areas, covariance


def jackknife(scores: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return what :func:`delong` returns with the covariance from leaving out one case at a time."""
    areas, of_positives, of_negatives = _placements(scores, truth)
    without = []
    for placements in (of_positives, of_negatives):
        count = placements.shape[1]
        without.append((count * areas[:, None] - placements) / (count - 1))
    left_out = np.concatenate(without, axis=1)
    count = left_out.shape[1]
    return areas, _covariance(left_out) * (count - 1) ** 2 / count


def area_estimate(scores: ArrayLike, truth: ArrayLike) -> AreaEstimate:
    """Return the area of one curve with DeLong's standard error; the interval is normal and ends at 0 and 1."""
    values, positive = _checked(scores, truth)
    areas, covariance = delong(values[None, :], positive)
    area, error = float(areas[0]), float(np.sqrt(covariance[0, 0]))
    half = stats.norm.ppf(0.975) * error if error > 0 else np.nan
    ends = (float(max(0.0, area - half)), float(min(1.0, area + half))) if error > 0 else (np.nan, np.nan)
    return AreaEstimate(area, error, *ends, int(positive.sum()), int((~positive).sum()))


def compare_areas(first: ArrayLike, second: ArrayLike, truth: ArrayLike) -> AreaTest:
    """Test whether two curves read from the same cases have the same area (DeLong)."""
    areas, covariance = delong(np.stack([np.asarray(first, float), np.asarray(second, float)]), truth)
    difference = float(areas[0] - areas[1])
    error = float(np.sqrt(max(0.0, covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])))
    if error == 0:
        return AreaTest(difference, 0.0, np.nan, np.nan)
    z = difference / error
    return AreaTest(difference, error, z, float(2 * stats.norm.sf(abs(z))))


def _checked(scores: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values, positive = np.asarray(scores, dtype=float), np.asarray(truth, dtype=bool)
    if values.shape[-1] != len(positive) or not np.isfinite(values).all():
        raise ValueError("every case needs one score and one truth")
    if positive.all() or not positive.any():
        raise ValueError("an ROC curve needs positive and negative cases")
    return values, positive


def _placements(scores: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the areas, and for each case the share of the other class that it is ranked rightly against."""
    values, positive = _checked(scores, truth)
    above = values[:, positive, None] - values[:, None, ~positive]
    right = (above > 0) + 0.5 * (above == 0)
    return right.mean(axis=(1, 2)), right.mean(axis=2), right.mean(axis=1)


def _covariance(rows: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.cov(rows)) if rows.shape[1] > 1 else np.full((len(rows), len(rows)), np.nan)
