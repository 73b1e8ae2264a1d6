"""Comparing methods that were tried on the same subjects."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from crosscontrast.statistics.multiplicity import holm


@dataclass(frozen=True)
class PairedTest:
    """A two-sided Wilcoxon signed-rank test of ``pairs`` differences; NaN where there are none."""

    pairs: int
    median_difference: float
    p: float


@dataclass(frozen=True)
class Comparison:
    """The test of two methods; ``median_difference`` is first minus second, ``p_holm`` corrects for all pairs."""

    first: str
    second: str
    pairs: int
    median_difference: float
    p: float
    p_holm: float = np.nan


def wilcoxon_paired(first: ArrayLike, second: ArrayLike) -> PairedTest:
    """Test whether the differences ``first - second`` are symmetric around 0 (Wilcoxon, Biometrics Bull 1:80-83, 1945).

    Entries belong together by position; a pair with a NaN is left out. Differences of 0 are left out of the ranks, and
    where all are 0 the p value is 1. Up to 50 pairs the p value is exact; with ties or zeros up to 13 (SciPy 1.15).
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    differences = differences[np.isfinite(differences)]
    if not len(differences):
        return PairedTest(0, np.nan, np.nan)
    p = float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0
    return PairedTest(len(differences), float(np.median(differences)), p)


def smallest_p(pairs: int) -> float:
    """Return the smallest two-sided p value that ``pairs`` differences can give: below 6 pairs it is above 0.05."""
    return min(1.0, 2.0 ** (1 - pairs))


def compare_pairwise(samples: Mapping[str, ArrayLike]) -> list[Comparison]:
    """Test every pair of methods; ``samples`` holds for each method one value per subject, in the same order.

    The p values of all pairs are one family for Holm's correction.
    """
    return corrected([_compare(first, second, samples) for first, second in combinations(samples, 2)])


def compare_with(reference: str, samples: Mapping[str, ArrayLike]) -> list[Comparison]:
    """Test ``reference`` against every other method, as :func:`compare_pairwise`; these pairs are the family."""
    return corrected([_compare(reference, other, samples) for other in samples if other != reference])


def corrected(comparisons: list[Comparison]) -> list[Comparison]:
    """Return the comparisons with ``p_holm`` set for all of them as one family."""
    adjusted = holm([comparison.p for comparison in comparisons])
    return [replace(c, p_holm=float(p)) for c, p in zip(comparisons, adjusted, strict=True)]


def _compare(first: str, second: str, samples: Mapping[str, ArrayLike]) -> Comparison:
    test = wilcoxon_paired(samples[first], samples[second])
    return Comparison(first, second, test.pairs, test.median_difference, test.p)
