"""How good a network is on generated images that it never trains on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from SoftCordSegLib.generator.anatomy import draw_anatomy
from SoftCordSegLib.generator.appearance import Sample, draw_sample
from SoftCordSegLib.generator.draw import Draw
from SoftCordSegLib.generator.grid import Grid
from SoftCordSegLib.training.config import TrainingConfig
from SoftCordSegLib.training.stream import seed_of

#: Keeps held-out bodies apart from those of any training seed.
HELD_OUT = 8_191_001
BINS = 10


@dataclass
class Reliability:
    """How often what is predicted is true: per bin of the predicted fraction, the sums over its voxels.

    Voxels below .01 or above .99 are left out: they are many and right anyway.
    """

    predicted: Tensor = field(default_factory=lambda: torch.zeros(BINS))
    true: Tensor = field(default_factory=lambda: torch.zeros(BINS))
    voxels: Tensor = field(default_factory=lambda: torch.zeros(BINS))

    def add(self, predicted: Tensor, true: Tensor) -> None:
        """Count the voxels of two maps (any shape, the same for both)."""
        predicted, true = predicted.flatten().cpu(), true.flatten().cpu()
        unsure = (predicted > 0.01) & (predicted < 0.99)
        index = (predicted[unsure] * BINS).long().clamp(max=BINS - 1)
        self.predicted.index_add_(0, index, predicted[unsure])
        self.true.index_add_(0, index, true[unsure])
        self.voxels.index_add_(0, index, torch.ones_like(predicted[unsure]))

    @property
    def error(self) -> float:
        """The expected calibration error: the bins' differences, weighed by their voxels."""
        return float((self.predicted - self.true).abs().sum() / self.voxels.sum().clamp(min=1))

    def curve(self) -> list[tuple[float, float, int]]:
        """Return (mean predicted fraction, mean true fraction, voxels) of each bin that has voxels."""
        rows = zip(self.predicted.tolist(), self.true.tolist(), self.voxels.tolist(), strict=True)
        return [(predicted / n, true / n, int(n)) for predicted, true, n in rows if n]


def held_out(config: TrainingConfig, device: torch.device | str = "cpu") -> list[Sample]:
    """Return the fixed evaluation set: another body and contrast each, the same for all runs on such patches."""
    samples, grid = [], Grid(config.patches[0], device=device)
    for number in range(config.validation_samples):
        draw = Draw(seed_of(HELD_OUT, number), device)
        samples.append(draw_sample(draw_anatomy(grid, draw, centred=config.centred), grid, draw))
    return samples


def evaluate(network: nn.Module, samples: Sequence[Sample], reliability: Reliability | None = None) -> dict[str, float]:
    """Return Dice, soft Dice, area error and bias, calibration error and false volume of the cord, averaged.

    Areas compare the mean axial area (mm2) over the slices where cord is. ``false_ml`` is the volume marked in samples
    without cord. ``reliability`` collects the calibration curve.
    """
    reliability = reliability or Reliability()
    network.eval()
    rows: dict[str, list[float]] = {"dice": [], "soft_dice": [], "area_error": [], "area_bias": [], "false_ml": []}
    with torch.inference_mode():
        for pair in [samples[i : i + 2] for i in range(0, len(samples), 2)]:
            outputs = network(torch.stack([s.image for s in pair]))
            logits = outputs if isinstance(outputs, Tensor) else outputs[0]
            for sample, logit in zip(pair, logits, strict=True):
                known = sample.weight[0] >= sample.weight[0].max()
                predicted = torch.sigmoid(logit[0].float())
                _score(rows, predicted * known, sample.target[0] * known)
                reliability.add(predicted[known], sample.target[0][known])
    scores = {name: sum(values) / max(1, len(values)) for name, values in rows.items()}
    return scores | {"ece": reliability.error}


def _score(rows: dict[str, list[float]], predicted: Tensor, cord: Tensor) -> None:
    """Append one sample's numbers to ``rows``."""
    if float(cord.sum()) < 200:
        rows["false_ml"].append(float((predicted > 0.5).sum()) / 1000)
        return
    hard, true = predicted > 0.5, cord > 0.5
    rows["dice"].append(2 * float((hard & true).sum()) / max(1.0, float(hard.sum() + true.sum())))
    rows["soft_dice"].append(2 * float((predicted * cord).sum()) / float((predicted**2).sum() + (cord**2).sum()))
    slices = cord.sum((1, 2)) > 5
    difference = (predicted.sum((1, 2)) - cord.sum((1, 2)))[slices]
    rows["area_error"].append(float(difference.abs().mean()))
    rows["area_bias"].append(float(difference.mean()))
