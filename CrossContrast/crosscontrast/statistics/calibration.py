"""Whether a soft value means what it says: the fraction of the voxel, or the probability of the class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class CalibrationCurve:
    """Voxels in bins of their predicted value: mean prediction, mean truth (both NaN if empty) and number per bin."""

    edges: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    count: np.ndarray

    @property
    def expected_error(self) -> float:
        """Expected calibration error: the distance of the curve from the diagonal, weighed by the voxels of each bin.

        NaN without a voxel.
        """
        filled = self.count > 0
        if not filled.any():
            return float("nan")
        gaps = np.abs(self.predicted[filled] - self.observed[filled])
        return float(np.average(gaps, weights=self.count[filled]))


def calibration_curve(predicted: ArrayLike, target: ArrayLike, bins: int = 10) -> CalibrationCurve:
    """Return the calibration curve of predicted values in [0, 1] in bins of equal width.

    ``target`` has the same shape and lies in [0, 1]: 0 and 1, or the true fraction of each voxel. With 0 and 1 the
    error is that of Naeini et al. (AAAI 2015) for one class; the mean of a soft target takes the place of the share
    of ones. NaN entries are left out.
    """
    p, t = np.asarray(predicted, dtype=float).ravel(), np.asarray(target, dtype=float).ravel()
    if p.shape != t.shape:
        raise ValueError(f"{p.size} predictions were given with {t.size} targets")
    known = np.isfinite(p) & np.isfinite(t)
    p, t = p[known], t[known]
    if p.size and (min(p.min(), t.min()) < 0 or max(p.max(), t.max()) > 1):
        raise ValueError("predictions and targets must lie between 0 and 1")
    index = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(index, weights=values, minlength=bins) / count for values in (p, t)]
    return CalibrationCurve(np.linspace(0, 1, bins + 1), means[0], means[1], count)


def expected_calibration_error(predicted: ArrayLike, target: ArrayLike, bins: int = 10) -> float:
    """Return :attr:`CalibrationCurve.expected_error` of :func:`calibration_curve`."""
    return calibration_curve(predicted, target, bins).expected_error
