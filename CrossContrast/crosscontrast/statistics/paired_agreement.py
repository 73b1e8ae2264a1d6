"""How well two measurements of the same subjects agree, for many quantities at once."""

from dataclasses import dataclass

import numpy as np

#: Bland and Altman's limits of agreement hold 95 % of normal differences.
_LIMITS = 1.96
#: A sum |x| + |y| below this share of the reference's spread is taken for 0, and has no relative difference.
_NEAR_ZERO = 1e-3


@dataclass(frozen=True)
class Agreement:
    """Measures of agreement of test values y with reference values x; each array has a value per quantity.

    ``icc`` is ICC(A,1) of the two, ``icc_consistency`` ICC(C,1), which forgives a constant offset, and ``icc_of_means``
    ICC(A,k) of their mean, which is larger and for readers who use means; ``ccc`` is Lin's concordance (Biometrics
    45:255-268, 1989), ``bias`` the mean of y - x with ``low_limit`` and ``high_limit`` of agreement (Bland and Altman,
    Lancet 327:307-310, 1986) in the quantity's unit. ``relative_difference`` is the mean of 200 |y - x| / (|x| + |y|)
    in per cent, over the pairs that are not both near 0. NaN where a measure is undefined, as a correlation is with a
    constant.
    """

    spearman: np.ndarray
    pearson: np.ndarray
    icc: np.ndarray
    ccc: np.ndarray
    icc_consistency: np.ndarray
    icc_of_means: np.ndarray
    bias: np.ndarray
    low_limit: np.ndarray
    high_limit: np.ndarray
    relative_difference: np.ndarray


class PairedSample:
    """Pairs of values of many quantities, from which weighted :class:`Agreement` is computed quickly.

    ``reference`` and ``test`` are pairs x quantities; a pair with a NaN in either does not count for that quantity.
    ``groups`` numbers the subject of each pair from 0; weights are given per subject, so that all pairs of one are
    drawn together.
    """

    def __init__(self, reference: np.ndarray, test: np.ndarray, groups: np.ndarray) -> None:
        known = np.isfinite(reference) & np.isfinite(test)
        # Moments about a value near the mean: features of 1e9 with small spread would lose all their digits.
        centre = np.divide(
            np.where(known, reference, 0).sum(0),
            known.sum(0),
            out=np.zeros(reference.shape[1]),
            where=known.any(0),
        )
        self._x = np.where(known, reference - centre, 0.0)
        self._y = np.where(known, test - centre, 0.0)
        self._known = known
        self._groups = groups
        self._subjects = int(groups.max()) + 1 if len(groups) else 0
        relative, counted = _relative(reference, test, known)
        x, y = self._x, self._y
        self._sums = [self._per_subject(v) for v in (known, x, y, x * x, y * y, x * y, relative, counted)]

    def _per_subject(self, values: np.ndarray) -> np.ndarray:
        sums = np.zeros((self._subjects, values.shape[1]))
        np.add.at(sums, self._groups, values)
        return sums

    @property
    def subjects(self) -> int:
        """The number of subjects."""
        return self._subjects

    @property
    def pairs(self) -> np.ndarray:
        """The number of pairs that count, per quantity."""
        return self._known.sum(0)

    def subjects_per_quantity(self) -> np.ndarray:
        """Return the number of subjects with a pair that counts, per quantity."""
        return self.present().sum(0)

    def present(self) -> np.ndarray:
        """Return which subjects have a pair that counts (subjects x quantities)."""
        present: np.ndarray = self._sums[0] > 0
        return present

    def constant(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where the reference and where the test values do not vary (or are fewer than two), per quantity."""
        return _constant(self._x, self._known), _constant(self._y, self._known)

    def agreement(self, weights: np.ndarray | None = None) -> Agreement:
        """Return the agreement with ``weights`` (draws x subjects; default: one draw, all 1) as draws x quantities."""
        w = np.ones((1, self._subjects)) if weights is None else weights
        n, sx, sy, sxx, syy, sxy, relative, counted = (w @ part for part in self._sums)
        with np.errstate(divide="ignore", invalid="ignore"):
            mx, my = sx / n, sy / n
            vx, vy, cov = sxx / n - mx**2, syy / n - my**2, sxy / n - mx * my
            vx, vy = _clean(vx, sxx / n), _clean(vy, syy / n)
            shift = my - mx
            spread = np.maximum(vx + vy - 2 * cov, 0)
            correction = n / (n - 1)
            error = spread * correction / 2
            deviation = np.sqrt(spread * correction)
            total = (vx + vy + 2 * cov) * correction / 2 + shift**2 / 2 - error / n
            return Agreement(
                spearman=self._spearman(w),
                pearson=np.where(vx * vy > 0, np.clip(cov / np.sqrt(vx * vy), -1, 1), np.nan),
                icc=2 * cov * correction / ((vx + vy) * correction + shift**2 - 2 * error / n),
                ccc=2 * cov / (vx + vy + shift**2),
                icc_consistency=2 * cov / (vx + vy),
                icc_of_means=np.where(total > 0, 2 * cov * correction / total, np.nan),
                bias=shift,
                low_limit=shift - _LIMITS * deviation,
                high_limit=shift + _LIMITS * deviation,
                relative_difference=relative / counted,
            )

    def _spearman(self, weights: np.ndarray) -> np.ndarray:
        """Rank within every draw, ties by their middle rank, and correlate the ranks."""
        found = np.full((len(weights), self._x.shape[1]), np.nan)
        for number in range(self._x.shape[1]):
            known = self._known[:, number]
            if np.count_nonzero(known) < 2:
                continue
            w = weights[:, self._groups[known]]
            ranks = [_middle_ranks(values[known, number], w) for values in (self._x, self._y)]
            found[:, number] = _weighted_pearson(ranks[0], ranks[1], w)
        return found


def _relative(reference: np.ndarray, test: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.where(known, reference, 0.0), np.where(known, test, 0.0)
    size = np.abs(x) + np.abs(y)
    spread = np.nanstd(np.where(known, reference, np.nan), axis=0) if len(x) and known.any(0).all() else x.std(0)
    counted = known & (size > _NEAR_ZERO * spread) & (size > 0)
    relative = np.divide(200 * np.abs(y - x), size, out=np.zeros_like(x), where=counted)
    return relative, counted


def _constant(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    low = np.where(known, values, np.inf).min(0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(0, initial=-np.inf)
    scale = np.maximum(np.abs(np.where(known, values, 0)).max(0, initial=0), np.finfo(float).tiny)
    return ~(high - low > 1e-12 * scale)


def _clean(variance: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Set to 0 what rounding leaves of the variance of a constant."""
    return np.where(variance > 1e-12 * square, variance, 0.0)


def _middle_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the rank of every value within each weighted draw (draws x values); equal values share their mean rank."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    totals = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(totals, axis=1) - (totals - 1) / 2
    ranks = np.empty_like(weights, dtype=float)
    ranks[:, order] = np.repeat(middle, np.diff([*starts, len(values)]), axis=1)
    return ranks


def _weighted_pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    n = weights.sum(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = x - (weights * x).sum(1, keepdims=True) / n
        y = y - (weights * y).sum(1, keepdims=True) / n
        cov, vx, vy = ((weights * part).sum(1) for part in (x * y, x * x, y * y))
        # Ranks of a draw in which all values are equal differ by rounding only.
        return np.where(np.minimum(vx, vy) > 1e-9, np.clip(cov / np.sqrt(vx * vy), -1, 1), np.nan)
