"""The training's diary: a CSV file that panels and people read while it goes on, and pictures."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from crosscontrast.ground.files import atomic_write

LOG = "log.csv"
_HEADER = ["step", "minutes", "name", "value"]


class Log:
    """Appends rows (step, minutes, name, value) to ``log.csv``.

    A resumed training goes back to its checkpoint, so rows after ``step`` are dropped.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._path = folder / LOG
        kept = [row for row in read_log(folder) if int(row["step"]) <= step] if step else []
        with atomic_write(self._path) as path, path.open("w", newline="") as file:
            writer = csv.DictWriter(file, _HEADER)
            writer.writeheader()
            writer.writerows(kept)

    def write(self, step: int, minutes: float, values: Mapping[str, float]) -> None:
        """Record ``values`` by name."""
        with self._path.open("a", newline="") as file:
            csv.writer(file).writerows([step, f"{minutes:.3f}", name, f"{value:.6g}"] for name, value in values.items())


def read_log(folder: Path) -> list[dict[str, str]]:
    """Return the rows of a training's diary; a last line that is being written is left out."""
    try:
        with (folder / LOG).open(newline="") as file:
            return [row for row in csv.DictReader(file) if None not in row.values()]
    except OSError:
        return []


def save_picture(rows: Iterable[tuple[str, np.ndarray, np.ndarray, np.ndarray]], path: Path) -> None:
    """Draw a row of three slices per case: source, translated and target (2-D arrays), the last two alike scaled."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    cases = list(rows)
    figure = Figure(figsize=(6.6, 2.3 * len(cases)), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, source, translated, target) in zip(
        figure.subplots(len(cases), 3, squeeze=False), cases, strict=True
    ):
        low, high = float(target.min()), float(target.max())
        axes[0].imshow(source, cmap="gray", origin="lower")
        axes[1].imshow(translated, cmap="gray", origin="lower", vmin=low, vmax=high)
        axes[2].imshow(target, cmap="gray", origin="lower", vmin=low, vmax=high)
        for axis, title in zip(axes, (f"{name}: source", "translated", "target"), strict=True):
            axis.set_title(title, fontsize=8)
            axis.set_axis_off()
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=80, format="png")
