"""Slices of a cord that somebody should look at first: where the model was not sure, and where the area jumps."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from crosscontrast.cord.csa.contrasts import CsaCurve

#: The area of a slice is compared with the median over so many slices.
_WINDOW = 9
#: What is doubtful by less than this share of the usual area is not; of neighbours only the worst is named.
_LEAST, _APART, _MOST = 0.05, 2, 12


@dataclass(frozen=True)
class DoubtfulSlice:
    """A slice, counted from the bottom; ``place`` is the middle of the cord there, mm (RAS); ``why`` is for people."""

    slice: int
    place: tuple[float, float, float]
    why: str


def doubtful_slices(curve: "CsaCurve", centres: np.ndarray, spread: np.ndarray | None = None) -> list[DoubtfulSlice]:
    """Return the doubtful slices, the worst first.

    ``centres`` are those of the slices from the first to the last with a cord (LPS, mm), and ``spread`` is the standard
    deviation of each slice of the image in mm², from the bottom, where it is known.
    """
    found = np.flatnonzero(np.isfinite(curve.areas))
    if not len(found):
        return []
    run = slice(found[0], found[-1] + 1)
    areas, slices = curve.areas[run], curve.slices[run]
    usual = float(np.nanmedian(areas))
    there = np.nan_to_num(areas)
    local = np.array([np.median(there[max(n - _WINDOW // 2, 0) : n + _WINDOW // 2 + 1]) for n in range(len(there))])
    jumps = np.abs(there - local) / usual
    unsure = np.zeros(len(there)) if spread is None else spread[run] / usual
    scores, chosen = np.maximum(jumps, unsure), list[DoubtfulSlice]()
    taken: list[int] = []
    for row in np.argsort(-scores, kind="stable"):
        if scores[row] < _LEAST or len(chosen) == _MOST or row >= len(centres):
            continue
        if all(abs(row - other) > _APART for other in taken):
            taken.append(row)
            x, y, z = centres[row].tolist()
            chosen.append(DoubtfulSlice(int(slices[row]), (-x, -y, z), _why(areas[row], jumps[row], unsure[row])))
    return chosen


def _why(area: float, jump: float, unsure: float) -> str:
    if not np.isfinite(area):
        return "no cord between two parts of it"
    if unsure >= jump:
        return f"the model is not sure of {unsure:.0%} of the area"
    return f"the area is {jump:.0%} off its neighbours'"
