"""Violins of what subjects scored, and each subject's area from contrast to contrast."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from crosscontrast.cord.evaluation.measures import CaseScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A violin through fewer points shows the kernel, not the data.
_FEWEST_FOR_VIOLIN = 5
#: Violins and panels side by side in a row.
_MOST_VIOLINS, _MOST_PANELS = 20, 4
#: Letters of names that stand side by side below a panel; more are slanted.
_MOST_LETTERS = 36
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")


def violin_figure(measures: Mapping[str, Mapping[str, np.ndarray]]) -> "Figure":
    """Draw a panel per measure with a violin per method, its points and median; the arrays are 1-D, NaN is left out."""
    most = max(map(len, measures.values()))
    columns = min(len(measures), _MOST_PANELS, max(1, _MOST_VIOLINS // (most + 1)))
    rows = -(-len(measures) // columns)
    figure = _figure(width=columns * max(3.0, 0.8 * most + 1.2), height=3.4 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for (label, groups), axes in zip(measures.items(), panels, strict=False):
        _draw_violins(axes, [values[np.isfinite(values)] for values in groups.values()], list(groups))
        axes.set_title(label, fontsize=9)
    for axes in panels[len(measures) :]:
        axes.set_axis_off()
    return figure


def contrast_figure(cases: Sequence[CaseScores]) -> "Figure":
    """Draw the areas by contrast, one panel per method; a grey line joins the contrasts of a subject's session."""
    methods = list(dict.fromkeys(case.method for case in cases))
    contrasts = list(dict.fromkeys(case.contrast for case in cases))
    columns = min(3, len(methods))
    rows = -(-len(methods) // columns)
    figure = _figure(width=columns * max(3.2, 0.7 * len(contrasts) + 1.2), height=3.3 * rows + 0.4)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for method, axes in zip(methods, panels, strict=False):
        mine = [case for case in cases if case.method == method and case.csa_mm2 is not None]
        for line in _lines(mine, contrasts):
            axes.plot(line[:, 0], line[:, 1], color="0.75", linewidth=0.7, zorder=1)
        values = [np.array([c.csa_mm2 for c in mine if c.contrast == contrast]) for contrast in contrasts]
        _draw_violins(axes, values, contrasts)
        axes.set_title(method, fontsize=9)
    for axes in panels[len(methods) :]:
        axes.set_axis_off()
    for axes in panels[::columns]:
        axes.set_ylabel("CSA (mm²)")
    return figure


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _lines(cases: Sequence[CaseScores], contrasts: Sequence[str]) -> list[np.ndarray]:
    """Return (contrast number, area) of each subject's session."""
    visits: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for case in cases:
        point = (contrasts.index(case.contrast), case.csa_mm2 or 0.0)
        visits.setdefault((case.subject, case.session), []).append(point)
    return [np.array(sorted(points)) for points in visits.values()]


def _draw_violins(axes: "Axes", groups: Sequence[np.ndarray], names: Sequence[str]) -> None:
    spread = np.random.default_rng(0)
    for place, values in enumerate(groups):
        colour = _COLOURS[place % len(_COLOURS)]
        if len(values) >= _FEWEST_FOR_VIOLIN and np.ptp(values) > 0:
            violin: Any = axes.violinplot(values, positions=[place], widths=0.8, showextrema=False)["bodies"]
            violin[0].set(facecolor=colour, alpha=0.35)
        axes.scatter(place + spread.uniform(-0.08, 0.08, len(values)), values, s=12, color=colour, zorder=3)
        if len(values):
            axes.hlines(np.median(values), place - 0.25, place + 0.25, color="black", linewidth=1.5, zorder=4)
    crowded = sum(map(len, names)) > _MOST_LETTERS
    axes.set_xticks(
        range(len(names)), names, rotation=40 if crowded else 0, ha="right" if crowded else "center", fontsize=8
    )
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
