"""The training's diary: a CSV file that panels and people read while it goes on, and TensorBoard where installed."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crosscontrast.ground.files import atomic_write

LOG = "log.csv"
_HEADER = ["step", "minutes", "name", "value"]


class Log:
    """Appends rows (step, minutes, name, value) to ``log.csv``.

    A resumed training goes back to its checkpoint, so rows after ``step`` are dropped.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._path = folder / LOG
        self._board = _tensorboard(folder)
        kept = [row for row in read_log(folder) if int(row["step"]) <= step] if step else []
        with atomic_write(self._path) as path, path.open("w", newline="") as file:
            writer = csv.DictWriter(file, _HEADER)
            writer.writeheader()
            writer.writerows(kept)

    def write(self, step: int, minutes: float, values: Mapping[str, float]) -> None:
        """Record ``values`` by name."""
        with self._path.open("a", newline="") as file:
            csv.writer(file).writerows([step, f"{minutes:.3f}", name, f"{value:.6g}"] for name, value in values.items())
        if self._board:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)


def _tensorboard(folder: Path) -> Any | None:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))


def read_log(folder: Path) -> list[dict[str, str]]:
    """Return the rows of a training's diary; a last line that is being written is left out."""
    try:
        with (folder / LOG).open(newline="") as file:
            return [row for row in csv.DictReader(file) if None not in row.values()]
    except OSError:
        return []
