"""Comparing centrelines of one cord that were seen in different slices."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.softgt.contrast import Contrast

#: Distance in mm at which centrelines are compared.
_STEP = 1.0


@dataclass(frozen=True)
class CordLine:
    """A centreline as a function of the height along the cord.

    ``points`` (n, 3) in mm (LPS) at the increasing ``heights`` (n,); the ends reach half a slice, ``margin`` in mm,
    beyond the outer points.
    """

    heights: np.ndarray
    points: np.ndarray
    margin: float

    @property
    def low(self) -> float:
        """Height at which the lowest slice begins."""
        return float(self.heights[0]) - self.margin

    @property
    def high(self) -> float:
        """Height at which the highest slice ends."""
        return float(self.heights[-1]) + self.margin

    def at(self, heights: np.ndarray) -> np.ndarray:
        """Return the points (m, 3) at heights between :attr:`low` and :attr:`high`."""
        return np.column_stack([np.interp(heights, self.heights, axis) for axis in self.points.T])


def cord_line(contrast: Contrast, up: np.ndarray, to_reference: sitk.Transform | None = None) -> CordLine:
    """Return the centreline of a contrast over the height along the unit vector ``up``.

    ``to_reference`` carries points of the contrast into the space in which lines are compared.
    """
    points = contrast.centreline
    if to_reference is not None:
        points = np.array([to_reference.TransformPoint(point) for point in points.tolist()])
    heights = points @ up
    order = np.argsort(heights)
    return CordLine(heights[order], points[order], contrast.cord.GetSpacing()[2] / 2)


def upward(contrast: Contrast) -> np.ndarray:
    """Return the direction of the contrast's slice axis, a unit vector that points to the head."""
    return np.array(contrast.cord.GetDirection()).reshape(3, 3)[:, 2]


def offsets(line: CordLine, others: list[CordLine], up: np.ndarray) -> np.ndarray:
    """Return how far ``line`` lies beside the mean of the ``others``, (n, 3) in mm at right angles to ``up``.

    One row per millimetre of the stretch that ``line`` shares with any of the others; (0, 3) if there is none.
    """
    heights = np.arange(line.low, line.high, _STEP) + min(_STEP, line.high - line.low) / 2
    total, count = np.zeros((len(heights), 3)), np.zeros(len(heights))
    for other in others:
        shared = (heights >= other.low) & (heights <= other.high)
        total[shared] += other.at(heights[shared])
        count += shared
    common = count > 0
    beside = line.at(heights[common]) - total[common] / count[common, None]
    return beside - np.outer(beside @ up, up)
