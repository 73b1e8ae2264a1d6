"""The benchmark as one HTML file, with pictures side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crosscontrast.report.html import Cell, HtmlReport, number_text
from crosscontrast.synthesis.benchmark.results import Cost, Estimate, Row, known, mean_ranks, summarise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Panels of a picture in one line.
_COLUMNS = 6


def write_report(
    path: Path, lead: Sequence[str], rows: Sequence[Row], costs: Mapping[str, Cost], pictures: Mapping[str, "Figure"]
) -> None:
    """Write the report; ``pictures`` by caption."""
    report = HtmlReport("Translators compared")
    for sentence in lead:
        report.paragraph(sentence)
    names = known(rows)
    report.heading("Methods")
    report.paragraph(
        "Mean ± standard deviation over subjects [95 % bootstrap interval], best mean rank first. The rank is averaged"
        " over all judged measures; SSIM alone never decides. Baselines learn nothing, or a line; the subject's mean"
        " knows the target."
    )
    ranks = mean_ranks(rows)
    table: list[list[Cell]] = [
        [method, ranks[method], *(_text(estimates[name]) for name in names)]
        for method, estimates in summarise(rows).items()
    ]
    report.table(["method", "mean rank", *names], table)
    if costs:
        report.heading("Cost")
        report.table(
            ["network", "steps", "training (min)", "one volume (s)", "peak memory added (MiB)", "parameters"],
            [[n, c.steps, c.train_minutes, c.seconds_per_volume, c.peak_mib, c.parameters] for n, c in costs.items()],
        )
    report.heading("Pictures")
    for caption, figure in pictures.items():
        report.figure(figure, caption)
    report.heading("Subjects")
    cells: list[list[Cell]] = [[r.method, r.subject, *(r.measures.get(n, np.nan) for n in names)] for r in rows]
    report.table(["method", "subject", *names], cells)
    report.write(path)


def _text(estimate: Estimate) -> str:
    if estimate.mean is None:
        return "–"
    text = number_text(estimate.mean)
    if estimate.sd is not None:
        text += f" ± {number_text(estimate.sd)}"
    if estimate.low is not None and estimate.high is not None:
        text += f" [{number_text(estimate.low)}, {number_text(estimate.high)}]"
    return text


def picture(source: np.ndarray, target: np.ndarray, made: Mapping[str, np.ndarray], outline: np.ndarray) -> "Figure":
    """Draw slices (2-D): source and target, then every method above its error map; all errors on one scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    low, high = float(target[outline].min()), float(target[outline].max())
    panels: list[tuple[str, np.ndarray, np.ndarray | None]] = [("source", source, None), ("target", target, None)]
    panels += [(name, image, image - target) for name, image in made.items()]
    columns = min(_COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(1.9 * columns, 3.9 * lines), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 * lines, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for number, (name, image, error) in enumerate(panels):
        line, column = divmod(number, columns)
        limits = {} if name == "source" else {"vmin": low, "vmax": high}
        axes[2 * line, column].imshow(image, cmap="gray", origin="lower", **limits)
        axes[2 * line, column].contour(outline, [0.5], colors="yellow", linewidths=0.6)
        axes[2 * line, column].set_title(name, fontsize=8)
        if error is not None:
            span = (high - low) / 2
            axes[2 * line + 1, column].imshow(error, cmap="RdBu_r", origin="lower", vmin=-span, vmax=span)
    return figure
