"""Figures of a study's results."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.geometry import reorient
from crosscontrast.reading.analysis.accuracy import RocData
from crosscontrast.reading.analysis.measures import Measure
from crosscontrast.reading.analysis.ratings import Table
from crosscontrast.reading.blinding import BLACK, WHITE
from crosscontrast.statistics.roc import roc_points

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that people with a colour vision deficiency can tell apart (Okabe and Ito).
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000", "#999999")


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def answers_figure(table: Table, measure: Measure) -> "Figure":
    """Return a bar per arm of the shares of the answers, or for a measure on a scale a box per arm and reader."""
    if not measure.names:
        return _boxes(table, measure)
    figure = _figure(9, 0.7 + 0.55 * len(table.arms))
    axes = figure.subplots()
    shades = _shades(measure)
    for row, arm in enumerate(table.arms):
        values = table.matrix(measure, arm)
        values = values[np.isfinite(values)]
        left = 0.0
        for place, name, colour in zip(measure.categories, measure.names, shades, strict=True):
            share = 100 * float((values == place).mean()) if len(values) else 0.0
            axes.barh(row, share, left=left, color=colour, edgecolor="white", label=name if row == 0 else None)
            if share >= 6:
                dark = sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) < 330
                axes.text(left + share / 2, row, f"{share:.0f}", ha="center", va="center", fontsize=8,
                          color="white" if dark else "black")  # fmt: skip
            left += share
    axes.set_yticks(range(len(table.arms)), table.arms)
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="answers (%)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def _shades(measure: Measure) -> Sequence[str]:
    if measure.level == "nominal":
        return _COLOURS[: len(measure.names)]
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["viridis"](value)) for value in np.linspace(0.1, 0.95, len(measure.names))]


def _boxes(table: Table, measure: Measure) -> "Figure":
    figure = _figure(9, 3.2)
    axes = figure.subplots()
    width = 0.8 / len(table.readers)
    for r, reader in enumerate(table.readers):
        found = [table.matrix(measure, arm)[:, r] for arm in table.arms]
        places = [a - 0.4 + width * (r + 0.5) for a in range(len(table.arms))]
        colour = _COLOURS[r % len(_COLOURS)]
        boxes = axes.boxplot([v[np.isfinite(v)] for v in found], positions=places, widths=0.85 * width,
                             patch_artist=True, manage_ticks=False, flierprops={"markersize": 2})  # fmt: skip
        for box in boxes["boxes"]:
            box.set(facecolor=colour, alpha=0.75)
        for line in boxes["medians"]:
            line.set(color="black")
        axes.plot([], [], color=colour, linewidth=6, alpha=0.75, label=reader)
    axes.set_xticks(range(len(table.arms)), table.arms)
    axes.set_ylabel(measure.id)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def roc_figure(data: RocData) -> "Figure":
    """Return the curves of the readers, one plot per arm."""
    figure = _figure(3.4 * len(data.arms) + 1.2, 3.4)
    for a, (axes, arm) in enumerate(zip(figure.subplots(1, len(data.arms), squeeze=False)[0], data.arms, strict=True)):
        axes.plot([0, 1], [0, 1], color="0.8", linewidth=1)
        for r, reader in enumerate(data.readers):
            scores = data.scores[a, r]
            kept = np.isfinite(scores)
            truth = data.truth[kept]
            if truth.any() and not truth.all():
                false, true = roc_points(scores[kept], truth)
                axes.plot(false, true, color=_COLOURS[r % len(_COLOURS)], label=reader if a == 0 else None)
        axes.set(title=arm, xlabel="false positives", ylabel="true positives", aspect="equal")
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def time_figure(table: Table) -> "Figure":
    """Return the time per reading against its place in the reader's order: fatigue and learning."""
    figure = _figure(9, 3)
    axes = figure.subplots()
    for r, reader in enumerate(table.readers):
        own = [(answer.place, answer.seconds) for answer in table.answers if answer.reader == reader]
        if own:
            axes.plot(*zip(*own, strict=True), ".", markersize=4, color=_COLOURS[r % len(_COLOURS)], label=reader)
    axes.set(xlabel="place in the reader's order", ylabel="seconds")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def case_figure(images: dict[str, Path]) -> "Figure":
    """Return the middle slices of the blinded images of a case, a row per plane and a column per arm."""
    figure = _figure(2.6 * len(images) + 0.4, 7.4)
    all_axes: Any = figure.subplots(3, len(images), squeeze=False)
    for column, (arm, path) in enumerate(images.items()):
        image = reorient(sitk.ReadImage(str(path)), "RAS")
        values, (x, y, z) = sitk.GetArrayFromImage(image), image.GetSpacing()
        k, j, i = (size // 2 for size in values.shape)
        planes = ((values[k], y / x, True), (values[:, j], z / x, True), (values[:, :, i], z / y, False))
        for axes, (plane, aspect, mirrored) in zip(all_axes[:, column], planes, strict=True):
            axes.imshow(plane, cmap="gray", vmin=BLACK, vmax=WHITE, origin="lower", aspect=aspect)
            axes.set_axis_off()
            if mirrored:  # as radiologists look at it: the patient's right is on the left
                axes.invert_xaxis()
        all_axes[0, column].set_title(arm, fontsize=9)
    return figure
