"""Pictures of what is preserved: a heat map, scatter and Bland-Altman plots, ICC by class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from crosscontrast.radiomics.preservation.measure import FeatureVerdict, Pairs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 4
_POINT = "#0072B2"
_LETTERS = 34


def blank_figure(width: float, height: float) -> "Figure":
    """Return an empty white figure that needs no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def heat_map(verdicts: Sequence[FeatureVerdict]) -> "Figure":
    """Draw the share of preserved features, a row per feature class and a column per role, with the counts."""
    families = list(dict.fromkeys(family_of(v) for v in verdicts))
    roles = list(dict.fromkeys(v.role for v in verdicts))
    cells = np.zeros((len(families), len(roles), 2), int)
    for verdict in verdicts:
        place = families.index(family_of(verdict)), roles.index(verdict.role)
        cells[place] += (verdict.preserved, 1)
    figure = blank_figure(2.6 + 1.3 * len(roles) + 0.07 * max(map(len, families)), 1.2 + 0.34 * len(families))
    axes = figure.subplots()
    shares = cells[..., 0] / np.maximum(cells[..., 1], 1)
    picture = axes.imshow(shares, vmin=0, vmax=1, cmap="viridis", aspect="auto")
    for row, column in np.ndindex(shares.shape):
        kept, total = cells[row, column]
        colour = "black" if shares[row, column] > 0.6 else "white"
        axes.text(column, row, f"{kept}/{total}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(roles)), roles, fontsize=9)
    axes.set_yticks(range(len(families)), families, fontsize=8)
    figure.colorbar(picture, ax=axes, label="share preserved")
    return figure


def family_of(verdict: FeatureVerdict) -> str:
    """Return the class of a feature, with the filter where it is not of the original image."""
    return verdict.family if verdict.image in ("", "original") else f"{verdict.image} {verdict.family}"


def scatter_figure(pairs: Pairs, verdicts: Sequence[FeatureVerdict]) -> "Figure":
    """Draw test against reference values of some features, one panel each, with the line of equality."""
    figure, panels = _panels(len(verdicts))
    for verdict, axes in zip(verdicts, panels, strict=False):
        x, y = _values(pairs, verdict.feature)
        axes.scatter(x, y, s=10, color=_POINT, alpha=0.7)
        ends = [float(min(x.min(), y.min())), float(max(x.max(), y.max()))] if len(x) else [0.0, 1.0]
        axes.plot(ends, ends, color="0.6", linewidth=0.8, zorder=0)
        icc = verdict.measures["icc"]
        text = "ICC –" if icc.estimate is None else f"ICC {icc.estimate:.2f}"
        if icc.low is not None and icc.high is not None:
            text += f" [{icc.low:.2f}, {icc.high:.2f}]"
        axes.set_title(f"{_short(verdict)}\n{text}", fontsize=8, color="black" if verdict.preserved else "#a02020")
        axes.set_xlabel("reference", fontsize=7)
        axes.set_ylabel(pairs.role, fontsize=7)
    return figure


def bland_altman_figure(pairs: Pairs, verdicts: Sequence[FeatureVerdict]) -> "Figure":
    """Draw difference against mean of some features, with bias and limits of agreement."""
    figure, panels = _panels(len(verdicts))
    for verdict, axes in zip(verdicts, panels, strict=False):
        x, y = _values(pairs, verdict.feature)
        axes.scatter((x + y) / 2, y - x, s=10, color=_POINT, alpha=0.7)
        for name, style in (("bias", "-"), ("low_limit", "--"), ("high_limit", "--")):
            value = verdict.measures[name].estimate
            if value is not None:
                axes.axhline(value, color="#D55E00", linewidth=1, linestyle=style)
        axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        axes.set_title(_short(verdict), fontsize=8, color="black" if verdict.preserved else "#a02020")
        axes.set_xlabel("mean", fontsize=7)
        axes.set_ylabel(f"{pairs.role} - reference", fontsize=7)
    return figure


def icc_figure(verdicts: Sequence[FeatureVerdict]) -> "Figure":
    """Draw the ICC of every feature with its interval, sorted within its class; a panel per role."""
    roles = list(dict.fromkeys(v.role for v in verdicts))
    figure = blank_figure(11, 2.6 * len(roles) + 0.4)
    for role, axes in zip(roles, figure.subplots(len(roles), 1, squeeze=False).ravel(), strict=True):
        mine = [v for v in verdicts if v.role == role]
        families = list(dict.fromkeys(map(family_of, mine)))
        mine.sort(key=lambda v: (families.index(family_of(v)), -_icc(v)))
        place = np.arange(len(mine))
        colours = ["#009E73" if v.preserved else "#D55E00" for v in mine]
        low, high = (np.array([_end(v, end) for v in mine]) for end in ("low", "high"))
        axes.vlines(place, low, high, color=colours, linewidth=1, alpha=0.6)
        axes.scatter(place, [_icc(v) for v in mine], s=8, c=colours, zorder=3)
        borders = [k for k in range(1, len(mine)) if family_of(mine[k]) != family_of(mine[k - 1])]
        for border in borders:
            axes.axvline(border - 0.5, color="0.85", linewidth=0.8)
        middles = [(a + b - 1) / 2 for a, b in zip([0, *borders], [*borders, len(mine)], strict=True)]
        axes.set_xticks(middles, families, fontsize=7, rotation=25 if len(families) > 7 else 0)
        axes.set(ylim=(-1.05, 1.05), xlim=(-1, len(mine)), ylabel="ICC(A,1)", title=role)
    return figure


def _panels(count: int) -> "tuple[Figure, list[Axes]]":
    columns = min(_COLUMNS, max(1, count))
    rows = -(-max(1, count) // columns)
    figure = blank_figure(2.9 * columns, 2.7 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in panels:
        axes.tick_params(labelsize=6)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[count:]:
        axes.set_axis_off()
    return figure, panels


def _values(pairs: Pairs, feature: str) -> tuple[np.ndarray, np.ndarray]:
    number = pairs.names.index(feature)
    x, y = pairs.reference[:, number], pairs.test[:, number]
    known = np.isfinite(x) & np.isfinite(y)
    return x[known], y[known]


def _short(verdict: FeatureVerdict) -> str:
    name = verdict.feature.removeprefix("original_")
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"


def _icc(verdict: FeatureVerdict) -> float:
    estimate = verdict.measures["icc"].estimate if verdict.measures else None
    return float("nan") if estimate is None else estimate


def _end(verdict: FeatureVerdict, end: str) -> float:
    value = getattr(verdict.measures["icc"], end) if verdict.measures else None
    return float("nan") if value is None else value
