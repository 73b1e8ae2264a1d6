"""A picture of the measures along the cord."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crosscontrast.cord.csa.levels import level_name
from crosscontrast.cord.csa.table import CsaRow, CsaTable, Measure, Note
from crosscontrast.ground.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class _Curve:
    measure: Measure
    label: str
    colour: str
    width: float = 1.2


# Colours that readers with a colour vision deficiency can tell apart (Okabe and Ito). The two areas mostly coincide, so
# the second is drawn thin upon the broad first.
_AREAS = (
    _Curve("area_sct", "SCT-compatible", "#E69F00", width=4),
    _Curve("area_true", "true soft", "#0072B2"),
)
_DIAMETERS = (
    _Curve("diameter_rl", "right-left", "#009E73"),
    _Curve("diameter_ap", "front-back", "#CC79A7"),
)
#: Notes that make a value doubtful.
_DOUBTFUL = {Note.FAINT, Note.SEVERAL, Note.BORDER, Note.END, Note.CLEANED}


def plot_csa(table: CsaTable, path: Path, *, title: str) -> None:
    """Write a PNG: areas and diameters against the distance along the cord, vertebral levels as bands.

    Slices with a remark that makes their value doubtful are ringed. Raises
    :class:`crosscontrast.errors.OutputError` where the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    found = np.isfinite(table.values("area_true")).any()
    figure.suptitle(title if found else f"{title}: no cord found", color="black" if found else "firebrick")
    for axes, curves, label in ((upper, _AREAS, "area (mm²)"), (lower, _DIAMETERS, "diameter (mm)")):
        _draw_levels(axes, table, named=axes is upper)
        _draw_curves(axes, table, curves)
        axes.set_ylabel(label)
    origin = "pontomedullary junction" if table.from_pmj else "top of the cord"
    lower.set_xlabel(f"distance along the cord from the {origin} (mm)")
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")


def _draw_curves(axes: "Axes", table: CsaTable, curves: tuple[_Curve, ...]) -> None:
    distance = table.values("distance")
    doubtful = np.array([bool(_DOUBTFUL & set(row.notes)) for row in table.rows], dtype=bool)
    for curve in curves:
        values = table.values(curve.measure)
        label = f"{curve.label}, mean {table.mean(curve.measure):.1f}"
        axes.plot(distance, values, ".-", color=curve.colour, label=label, linewidth=curve.width, markersize=4)
        axes.plot(distance[doubtful], values[doubtful], "o", color="firebrick", fillstyle="none", markersize=8)
    if doubtful.any():
        axes.plot([], [], "o", color="firebrick", fillstyle="none", markersize=8, label="doubtful, see Note")
    axes.legend(loc="best", fontsize=8, framealpha=0.9)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_levels(axes: "Axes", table: CsaTable, *, named: bool) -> None:
    for level, run in groupby(table.rows, key=lambda row: row.level):
        if level is None:
            continue
        low, high = _extent(list(run))
        axes.axvspan(low, high, color="0.92" if level % 2 else "0.97", zorder=0, linewidth=0)
        if named:
            middle, above = (low + high) / 2, axes.get_xaxis_transform()
            axes.text(middle, 1.0, level_name(level), transform=above, ha="center", va="bottom", fontsize=8)


def _extent(rows: list[CsaRow]) -> tuple[float, float]:
    """Distances at which neighbouring slices begin and end: half a slice's length of cord beyond their centres."""
    distances = [row.distance for row in rows]
    lengths = [row.length_true for row in rows if np.isfinite(row.length_true)]
    half = float(np.mean(lengths)) / 2 if lengths else 0.0
    return min(distances) - half, max(distances) + half
