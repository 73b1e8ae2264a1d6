"""The training's diary: a CSV file, TensorBoard where it is installed, and pictures."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from crosscontrast.cord.generator.appearance import Sample


class Log:
    """Appends rows to ``log.csv`` in ``folder`` (columns step, minutes, name, value) and to TensorBoard."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log.csv"
        self._board = _tensorboard(folder)

    def write(self, step: int, minutes: float, values: Mapping[str, float]) -> None:
        """Record ``values`` by name."""
        new = not self._path.exists()
        with self._path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "minutes", "name", "value"])
            writer.writerows([step, f"{minutes:.2f}", name, f"{value:.6g}"] for name, value in values.items())
        if self._board:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)


def _tensorboard(folder: Path) -> Any | None:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))


def save_pictures(network: nn.Module, samples: Sequence[Sample], path: Path) -> None:
    """Draw the middle of each sample's cord, axial and sagittal, with truth (red) and prediction (cyan) at one half."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.2 * len(samples), 4.4))
    axes = figure.subplots(2, len(samples), squeeze=False)
    with torch.inference_mode():
        for column, sample in enumerate(samples):
            outputs = network(torch.stack([sample.image, sample.image]))
            logits = outputs if isinstance(outputs, Tensor) else outputs[0]
            predicted = torch.sigmoid(logits[0, 0].float()).cpu()
            image, cord = sample.image[0].cpu(), sample.target[0].cpu()
            found = torch.nonzero(cord > 0.5).float()
            z, _, x = (found.mean(0) if len(found) else torch.tensor(image.shape) / 2).long().tolist()
            for row, cut in enumerate(((z, slice(None), slice(None)), (slice(None), slice(None), x))):
                panel = axes[row, column]
                panel.imshow(image[cut].numpy(), cmap="gray", origin="lower")
                for values, colour in ((cord[cut], "red"), (predicted[cut], "cyan")):
                    if values.max() > 0.5 > values.min():
                        panel.contour(values.numpy(), [0.5], colors=colour, linewidths=0.7)
                panel.set_axis_off()
    figure.tight_layout()
    figure.savefig(path, dpi=70)
