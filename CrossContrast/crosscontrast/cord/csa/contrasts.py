"""How far the contrasts of one patient agree about the cross-sectional area."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CsaCurve:
    """Areas (mm²) along the cord of one image; ``heights`` are those of the slices' centres in mm, superior positive.

    Slices without cord are NaN in both. ``distances`` run down along the centreline from the topmost slice, in mm.
    In ``faint`` slices no soft value reaches the threshold; means leave them out, unless all are such.
    """

    slices: np.ndarray
    heights: np.ndarray
    distances: np.ndarray
    areas: np.ndarray
    faint: np.ndarray

    def mean(self, span: tuple[float, float] = (-np.inf, np.inf)) -> float:
        """Return the mean area of the slices with heights in a closed range, NaN where there are none."""
        return float(self.areas[self._within(span)].mean()) if self._within(span).any() else float("nan")

    def sd(self, span: tuple[float, float] = (-np.inf, np.inf)) -> float:
        """Return the population standard deviation over those slices, as SCT does; NaN where there are none."""
        return float(self.areas[self._within(span)].std()) if self._within(span).any() else float("nan")

    def count(self, span: tuple[float, float] = (-np.inf, np.inf)) -> int:
        """Return how many slices these are."""
        return int(self._within(span).sum())

    def _within(self, span: tuple[float, float]) -> np.ndarray:
        inside: np.ndarray = np.isfinite(self.areas) & (self.heights >= span[0]) & (self.heights <= span[1])
        clear = inside & ~self.faint
        return clear if clear.any() else inside


@dataclass(frozen=True)
class ContrastComparison:
    """``means``: mean area of each contrast over the part of the cord that all of them show, ``span`` in mm.

    ``sd`` is the standard deviation of these means (ddof 1), the measure of Bédard et al. 2023; NaN for one contrast
    and where no part is common to all.
    """

    means: Mapping[str, float]
    sd: float
    span: tuple[float, float]


def compare_contrasts(curves: Mapping[str, CsaCurve]) -> ContrastComparison:
    """Compare the contrasts of one patient who did not move between them (heights are taken as they are)."""
    tops = [np.nanmax(curve.heights) for curve in curves.values() if np.isfinite(curve.heights).any()]
    bottoms = [np.nanmin(curve.heights) for curve in curves.values() if np.isfinite(curve.heights).any()]
    if len(tops) < len(curves) or not tops or max(bottoms) > min(tops):
        return ContrastComparison(dict.fromkeys(curves, float("nan")), float("nan"), (float("nan"), float("nan")))
    span = (float(max(bottoms)), float(min(tops)))
    means = {name: curve.mean(span) for name, curve in curves.items()}
    return ContrastComparison(means, float(np.std(list(means.values()), ddof=1)) if len(means) > 1 else np.nan, span)
