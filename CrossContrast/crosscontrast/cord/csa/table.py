"""The result of a measurement: one row per slice, and what can be said of several of them."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import numpy as np

#: The measures of a slice that can be averaged.
Measure = Literal[
    "area_sct",
    "area_true",
    "angle_ap",
    "angle_rl",
    "tilt",
    "diameter_ap",
    "diameter_rl",
    "eccentricity",
    "orientation",
    "solidity",
    "length",
    "length_true",
    "distance",
    "area_uncertainty",
]


class Note(StrEnum):
    """Why the values of a slice deserve a second look, or are missing."""

    EMPTY = "empty"
    GAP = "empty, inside the cord"
    FAINT = "no value reaches the threshold"
    CONSTANT = "all pixels have the same value"
    SEVERAL = "several objects"
    BORDER = "touches the border of the image"
    END = "end of the mask inside the image"
    UNCORRECTED = "one slice only, no angle correction"
    CLEANED = "NaN or infinite voxels taken for 0"


@dataclass(frozen=True, kw_only=True)
class CsaRow:
    """One slice. Lengths in mm, areas in mm², angles in degrees; NaN where there is nothing to measure.

    ``slice`` counts from inferior to superior as in SCT, ``original_slice`` along the image's own axis. ``distance``
    runs down along the centreline, see :class:`CsaTable`. SCT-compatible: ``area_sct``, ``angle_ap`` (about the AP
    axis: the cord leans left, going up, where positive), ``angle_rl`` (leans to the front), diameters, eccentricity,
    orientation, solidity and ``length`` of cord in the slice. True soft: ``area_true``, the area that the soft values
    of the main object add up to, perpendicular to the cord; ``tilt``, the angle between tangent and slice normal;
    ``length_true``; ``area_uncertainty``, its standard deviation over versions of the image, where these were
    segmented. ``maximum`` is the largest soft value, ``components`` the number of separate objects.
    """

    slice: int
    original_slice: int
    level: int | None = None
    distance: float = np.nan
    area_sct: float = np.nan
    area_true: float = np.nan
    angle_ap: float = np.nan
    angle_rl: float = np.nan
    tilt: float = np.nan
    diameter_ap: float = np.nan
    diameter_rl: float = np.nan
    eccentricity: float = np.nan
    orientation: float = np.nan
    solidity: float = np.nan
    length: float = np.nan
    length_true: float = np.nan
    area_uncertainty: float = np.nan
    components: int = 0
    maximum: float = 0.0
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class CsaTable:
    """The slices of one image from inferior to superior.

    ``distance`` of the rows is from the centre of the topmost slice with cord, or, with ``from_pmj``, from where the
    pontomedullary junction projects onto the centreline. ``original_axis`` is the image axis along which they lie.
    """

    rows: tuple[CsaRow, ...]
    original_axis: int
    from_pmj: bool = False

    def select(
        self,
        *,
        slices: Container[int] | None = None,
        levels: Container[int | None] | None = None,
        distance: tuple[float, float] | None = None,
    ) -> "CsaTable":
        """Return the rows that fulfil all conditions; ``distance`` is a closed range in mm."""
        rows = (
            row
            for row in self.rows
            if (slices is None or row.slice in slices)
            and (levels is None or row.level in levels)
            and (distance is None or distance[0] <= row.distance <= distance[1])
        )
        return CsaTable(tuple(rows), self.original_axis, self.from_pmj)

    def per_level(self) -> dict[int, "CsaTable"]:
        """Return the rows of each vertebral level, from the top."""
        numbers = sorted({row.level for row in self.rows if row.level is not None})
        return {number: self.select(levels=(number,)) for number in numbers}

    def values(self, measure: Measure) -> np.ndarray:
        """Return a measure of all rows, float64, NaN where missing."""
        return np.array([getattr(row, measure) for row in self.rows], dtype=float)

    def mean(self, measure: Measure) -> float:
        """Return the unweighted mean over the rows that have the measure; NaN where none has.

        Rows in which no soft value reaches the threshold are left out, unless all are such: where a cord fades out at
        an end, what is left of it is no cross-section, and a mask would have none there.
        """
        return self._over(self.distinct(), measure, np.mean)

    def sd(self, measure: Measure) -> float:
        """Return the population standard deviation (as SCT) over the rows that :meth:`mean` takes; NaN without any."""
        return self._over(self.distinct(), measure, np.std)

    def total(self, measure: Measure) -> float:
        """Return the sum over the rows that have the measure; NaN where none has."""
        return self._over(self.rows, measure, np.sum)

    def distinct(self) -> tuple[CsaRow, ...]:
        """Return the rows that means are taken over, see :meth:`mean`."""
        clear = tuple(row for row in self.rows if Note.FAINT not in row.notes)
        return clear if any(np.isfinite(row.area_true) for row in clear) else self.rows

    def to_csv(self, path: Path, *, name: str = "", per: Literal["slice", "level", "all"] = "slice") -> None:
        """Write the table, see :func:`crosscontrast.cord.csa.report.write_csv`."""
        from crosscontrast.cord.csa.report import write_csv

        write_csv(self, path, name=name, per=per)

    @staticmethod
    def _over(rows: Iterable[CsaRow], measure: Measure, function: Callable[[np.ndarray], np.floating]) -> float:
        values = np.array([getattr(row, measure) for row in rows], dtype=float)
        finite = values[np.isfinite(values)]
        return float(function(finite)) if len(finite) else float("nan")
