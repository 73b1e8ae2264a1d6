"""Confidence intervals by resampling subjects, who are independent, and never their images, which are not."""

import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

#: A number computed from rows; the rows arrive as an array with the same further axes as those given.
Statistic = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its confidence interval, and the number of independent subjects behind it.

    All are NaN without a row; the ends are NaN for a single subject, who says nothing about others.
    """

    estimate: float
    low: float
    high: float
    subjects: int


def bootstrap_interval(
    rows: ArrayLike,
    statistic: Statistic = np.mean,
    *,
    subjects: Sequence[Hashable] | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Return ``statistic`` of ``rows`` and its bootstrap confidence interval.

    ``rows`` has one observation per entry of its first axis, a number or, for a statistic of pairs, a row of numbers;
    those with a NaN are left out. ``subjects`` names the subject of each row: subjects are drawn with replacement,
    each with all of its rows, so that several images of one person do not count as several persons (Davison and
    Hinkley, Bootstrap Methods and their Application, 1997, section 3.8). Without it every row is its own subject.

    The ends are bias-corrected and accelerated (BCa; Efron, J Am Stat Assoc 82:171-185, 1987), or plain percentiles
    where BCa is undefined because the statistic hardly varies. The same seed gives the same interval.
    """
    values = np.asarray(rows, dtype=float)
    names = list(range(len(values))) if subjects is None else list(subjects)
    if len(names) != len(values):
        raise ValueError(f"{len(values)} rows were given with the subjects of {len(names)}")
    known = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    values, groups = values[known], _groups([name for name, kept in zip(names, known, strict=True) if kept])
    if not groups:
        return Interval(np.nan, np.nan, np.nan, 0)
    estimate = float(statistic(values))
    if len(groups) == 1:
        return Interval(estimate, np.nan, np.nan, 1)

    def of_drawn(drawn: np.ndarray) -> float:
        return float(statistic(values[np.concatenate([groups[number] for number in drawn])]))

    low, high = _ends(of_drawn, len(groups), level, resamples, seed)
    return Interval(estimate, low, high, len(groups))


def _groups(names: Sequence[Hashable]) -> list[np.ndarray]:
    """Return the row numbers of each subject."""
    members: dict[Hashable, list[int]] = {}
    for row, name in enumerate(names):
        members.setdefault(name, []).append(row)
    return [np.array(rows) for rows in members.values()]


def _ends(
    of_drawn: Callable[[np.ndarray], float], count: int, level: float, resamples: int, seed: int
) -> tuple[float, float]:
    with warnings.catch_warnings():  # about a statistic that does not vary, which is dealt with below
        warnings.simplefilter("ignore")
        result = stats.bootstrap(
            (np.arange(count),),
            of_drawn,
            vectorized=False,
            n_resamples=resamples,
            confidence_level=level,
            method="BCa",
            random_state=np.random.default_rng(seed),
        )
    ends = result.confidence_interval
    if np.isfinite([ends.low, ends.high]).all():
        return float(ends.low), float(ends.high)
    low, high = np.nanquantile(result.bootstrap_distribution, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
