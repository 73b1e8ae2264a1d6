"""Comparing arms by the areas that several readers reach on the same cases: Obuchowski and Rockette's method.

Readers and cases are random, so the result speaks of other readers and other cases too. Obuchowski and Rockette,
Commun Stat Simul 24:285-308, 1995; degrees of freedom of Hillis, Stat Med 26:596-619, 2007.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from crosscontrast.statistics.roc import delong, jackknife


@dataclass(frozen=True)
class ArmArea:
    """The mean area of the readers in an arm, with its 95 % interval, which ends at 0 and 1.

    The ends are NaN where neither readers nor cases vary (all perfect): an error of 0 then says nothing.
    """

    area: float
    error: float
    df: float
    low: float
    high: float


@dataclass(frozen=True)
class ArmDifference:
    """The difference of the mean areas of two arms (numbers ``first`` - ``second``).

    Ends and ``p`` are NaN where nothing varies, as with arms that are all perfect.
    """

    first: int
    second: int
    difference: float
    error: float
    df: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class MultiReaderResult:
    """The test that all arms have the same area, the arms and their differences.

    ``areas`` is (arms x readers); ``variance`` and ``covariances`` are the mean variance of an area and the mean
    covariances of areas of the same reader in two arms, of two readers in one arm, and of two readers in two arms.
    ``f``, ``df2`` and ``p`` are NaN with one arm.
    """

    areas: np.ndarray
    variance: float
    covariances: tuple[float, float, float]
    f: float
    df1: int
    df2: float
    p: float
    arms: tuple[ArmArea, ...]
    differences: tuple[ArmDifference, ...]


def obuchowski_rockette(
    scores: ArrayLike, truth: ArrayLike, covariance: Literal["delong", "jackknife"] = "delong"
) -> MultiReaderResult:
    """Compare arms; ``scores`` is (arms x readers x cases) without NaN, ``truth`` says which cases are positive.

    Raises ``ValueError`` for fewer than two readers.
    """
    values = np.asarray(scores, dtype=float)
    arms, readers, cases = values.shape
    if readers < 2:
        raise ValueError("several readers are needed")
    method = {"delong": delong, "jackknife": jackknife}[covariance]
    flat, matrix = method(values.reshape(arms * readers, cases), truth)
    areas = flat.reshape(arms, readers)
    blocks = matrix.reshape(arms, readers, arms, readers)
    variance, cov1, cov2, cov3 = _mean_covariances(blocks)
    single = tuple(_arm(areas[i], blocks[i, :, i, :]) for i in range(arms))
    if arms < 2:
        return MultiReaderResult(areas, variance, (cov1, cov2, cov3), np.nan, 0, np.nan, np.nan, single, ())
    by_arm, by_reader = areas.mean(axis=1), areas.mean(axis=0)
    of_arms = readers * by_arm.var(ddof=1)
    rest = areas - by_arm[:, None] - by_reader[None, :] + areas.mean()
    crossed = float((rest**2).sum()) / ((arms - 1) * (readers - 1))
    error = crossed + max(readers * (cov2 - cov3), 0.0)
    df2 = error**2 / (crossed**2 / ((arms - 1) * (readers - 1))) if crossed > 0 else np.inf
    f = of_arms / error if error > 0 else np.nan
    standard_error = float(np.sqrt(2 * error / readers))
    differences = tuple(
        _difference(i, j, float(by_arm[i] - by_arm[j]), standard_error, df2) for i, j in combinations(range(arms), 2)
    )
    p = float(stats.f.sf(f, arms - 1, df2))
    return MultiReaderResult(
        areas, variance, (cov1, cov2, cov3), float(f), arms - 1, float(df2), p, single, differences
    )


def _mean_covariances(blocks: np.ndarray) -> tuple[float, float, float, float]:
    """Return the mean of the variances and the three mean covariances of (arms, readers, arms, readers)."""
    arms, readers = blocks.shape[:2]
    same_arm = np.eye(arms, dtype=bool)[:, None, :, None]
    same_reader = np.eye(readers, dtype=bool)[None, :, None, :]
    chosen = (same_arm & same_reader, ~same_arm & same_reader, same_arm & ~same_reader, ~same_arm & ~same_reader)
    means = [float(blocks[np.broadcast_to(mask, blocks.shape)].mean()) if mask.any() else np.nan for mask in chosen]
    return means[0], means[1], means[2], means[3]


def _arm(areas: np.ndarray, covariance: np.ndarray) -> ArmArea:
    readers = len(areas)
    between = float(areas.var(ddof=1))
    shared = max(readers * float(covariance[~np.eye(readers, dtype=bool)].mean()), 0.0)
    df = (between + shared) ** 2 / (between**2 / (readers - 1)) if between > 0 else np.inf
    error = float(np.sqrt((between + shared) / readers))
    half = float(stats.t.ppf(0.975, df)) * error
    mean = float(areas.mean())
    if error == 0:
        return ArmArea(mean, error, float(df), np.nan, np.nan)
    return ArmArea(mean, error, float(df), max(0.0, mean - half), min(1.0, mean + half))


def _difference(first: int, second: int, difference: float, error: float, df: float) -> ArmDifference:
    half = float(stats.t.ppf(0.975, df)) * error
    if error == 0:
        return ArmDifference(first, second, difference, error, float(df), np.nan, np.nan, np.nan)
    p = float(2 * stats.t.sf(abs(difference) / error, df))
    return ArmDifference(first, second, difference, error, float(df), difference - half, difference + half, p)
