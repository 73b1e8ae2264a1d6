"""Confidence intervals of agreement by drawing subjects, for many quantities at once."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from scipy import stats

from crosscontrast.statistics.paired_agreement import Agreement, PairedSample

MEASURES: tuple[str, ...] = tuple(field.name for field in fields(Agreement))
#: Measures from -1 to 1, whose distribution Fisher's transformation makes nearly normal.
COEFFICIENTS = ("spearman", "pearson", "icc", "ccc")
#: Draws at a time, which bounds the memory for thousands of quantities.
_CHUNK = 250
#: atanh(1) is infinite; beyond this a coefficient counts as 1.
_ONE = 1 - 1e-9


@dataclass(frozen=True)
class Estimates:
    """A measure of every quantity with its confidence interval, and the standard error on Fisher's scale.

    The error is that of leaving out one subject at a time, and at least that of normal values, 1 / sqrt(n - 1.5): where
    the few at hand happen to agree, it would be too small just when the estimate is too high. NaN for measures that
    are no coefficients.
    """

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray


def agreement_intervals(
    sample: PairedSample, *, level: float = 0.95, resamples: int = 2000, seed: int = 0, fewest_subjects: int = 6
) -> dict[str, Estimates]:
    """Return every measure of :class:`Agreement` with its interval.

    Subjects are drawn with replacement, each with all of its pairs. The ends are percentiles of the draws, taken as far
    out as Student's t and the n - 1 of the variance ask for ("expanded percentiles", Hesterberg, Am Stat 69:371-386,
    2015): plain percentiles are too narrow for few subjects, and BCa and t intervals on Fisher's scale covered less
    where values are skewed. Quantities with fewer than ``fewest_subjects`` have no interval (NaN). The same seed gives
    the same interval.
    """
    estimates = sample.agreement()
    counts = sample.subjects_per_quantity()
    draws = _draws(sample, resamples, seed)
    left_out = sample.agreement(1 - np.eye(sample.subjects))
    tail = (1 - level) / 2
    expanded, plain = _expanded(tail, counts), np.full(len(counts), tail)
    enough = counts >= fewest_subjects
    found = {}
    for name in MEASURES:
        estimate = getattr(estimates, name)[0]
        usable = enough & np.isfinite(estimate)
        # Subjects drawn twice are ties, which spread the draws of a rank correlation by themselves.
        alpha = plain if name == "spearman" else expanded
        low, high, error = (np.full(estimate.shape, np.nan) for _ in range(3))
        low[usable], high[usable] = _ends(draws[name][:, usable], alpha[usable])
        if name in COEFFICIENTS:
            jackknifed = _jackknife_error(getattr(left_out, name), sample.present())
            error[usable] = np.fmax(jackknifed, 1 / np.sqrt(np.maximum(counts, 2) - 1.5))[usable]
        found[name] = Estimates(estimate, low, high, error)
    return found


def one_sided_p(estimates: Estimates, limit: float, subjects: np.ndarray) -> np.ndarray:
    """Return the p value of "the coefficient is at most ``limit``" per quantity, by Student's t on Fisher's scale."""
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = _fisher(estimates.estimate) - _fisher(np.asarray(limit))
        p: np.ndarray = stats.t.sf(distance / estimates.error, np.maximum(subjects - 1, 1))
    return np.where(np.isfinite(estimates.low), p, np.nan)


def correlation_p(rho: np.ndarray, subjects: np.ndarray) -> np.ndarray:
    """Return the two-sided p value of "no correlation" per quantity, by Student's t as SciPy's ``spearmanr`` does."""
    free = subjects - 2
    with np.errstate(invalid="ignore", divide="ignore"):
        t = rho * np.sqrt(np.maximum(free, 0) / ((1 - rho) * (1 + rho)))
        p: np.ndarray = 2 * stats.t.sf(np.abs(t), np.maximum(free, 1))
    return np.where((free > 0) & np.isfinite(rho), p, np.nan)


def _draws(sample: PairedSample, resamples: int, seed: int) -> Mapping[str, np.ndarray]:
    """Return draws x quantities of every measure."""
    n = sample.subjects
    random = np.random.default_rng(seed)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in MEASURES}
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        weights = random.multinomial(n, np.full(n, 1 / n), size=size).astype(float) if n else np.zeros((size, 0))
        drawn = sample.agreement(weights)
        for name in MEASURES:
            parts[name].append(getattr(drawn, name))
    return {name: np.concatenate(chunks) for name, chunks in parts.items()}


def _expanded(tail: float, subjects: np.ndarray) -> np.ndarray:
    n = np.maximum(subjects, 2)
    quantiles: np.ndarray = stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf(tail, n - 1))
    return quantiles


def _ends(draws: np.ndarray, tail: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # A draw in which nothing varies has no value and says nothing; sorting puts NaN last.
    ordered = np.sort(draws, axis=0)
    known = np.isfinite(ordered).sum(0)
    return _quantile(ordered, known, tail), _quantile(ordered, known, 1 - tail)


def _jackknife_error(left_out: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return the standard error on Fisher's scale; only subjects ``present`` (subjects x quantities) count."""
    scaled = np.where(present & np.isfinite(left_out), _fisher(left_out), np.nan)
    n = np.isfinite(scaled).sum(0)
    spread = np.nansum((scaled - np.nansum(scaled, 0) / np.maximum(n, 1)) ** 2, axis=0)
    error: np.ndarray = np.sqrt((n - 1) / np.maximum(n, 1) * spread)
    return error


def _quantile(ordered: np.ndarray, known: np.ndarray, tail: np.ndarray) -> np.ndarray:
    """Return the quantile ``tail`` of each column's first ``known`` values, interpolated."""
    place = tail * np.maximum(known - 1, 0)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    columns = np.arange(ordered.shape[1])
    share = place - below
    found: np.ndarray = ordered[below, columns] * (1 - share) + ordered[above, columns] * share
    return found


def _fisher(values: np.ndarray) -> np.ndarray:
    transformed: np.ndarray = np.arctanh(np.clip(values, -_ONE, _ONE))
    return transformed
