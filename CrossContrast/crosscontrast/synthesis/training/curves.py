"""A training's losses as curves."""

from collections.abc import Sequence
from pathlib import Path

from crosscontrast.synthesis.training.log import read_log

#: What is logged besides losses.
_NO_LOSS = ("waiting_s",)


def newest_picture(folder: Path) -> Path | None:
    """Return the last picture of samples that a training has drawn."""
    found = sorted(folder.glob("pictures_*.png"))
    return found[-1] if found else None


def draw_curves(folder: Path, path: Path) -> int:
    """Draw the curves of the training in ``folder`` as the picture ``path``; return the last step, 0 without a log."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    curves = read_curves(folder)
    if not curves:
        return 0
    figure = Figure(figsize=(4.4, 2.6), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, points in curves.items():
        steps, values = zip(*points, strict=True)
        axes.plot(steps, values, marker="o" if len(points) < 3 or "/" in name else "", label=name, linewidth=1)
    positive = all(value > 0 for points in curves.values() for _, value in points)
    axes.set_yscale("log" if positive else "symlog")
    axes.set_xlabel("step")
    axes.legend(fontsize=7)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=90, format="png")
    return max(step for points in curves.values() for step, _ in points)


def read_curves(folder: Path) -> dict[str, Sequence[tuple[int, float]]]:
    """Return the points (step, value) of each loss and validation measure."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in read_log(folder):
        if row["name"] not in _NO_LOSS:
            curves.setdefault(row["name"], []).append((int(row["step"]), float(row["value"])))
    return dict(curves)
