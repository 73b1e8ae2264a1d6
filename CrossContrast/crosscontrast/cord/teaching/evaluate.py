"""How good a network is on generated images that it never trains on."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.appearance import Sample, draw_sample
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.estimate import with_relative
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.ground.seeds import seed_of
from crosscontrast.statistics.calibration import CalibrationCurve, calibration_curve

#: Keeps held-out bodies apart from those of any training seed.
HELD_OUT = 8_191_001
#: What is almost surely cord or almost surely not is right anyway and would flatter the calibration.
UNSURE = (0.01, 0.99)


def held_out(config: TrainingConfig, device: torch.device | str = "cpu") -> list[Sample]:
    """Return the fixed evaluation set: another body and contrast each, the same for all runs on such patches.

    It is drawn on the CPU, as a GPU's noise is another, and lies on ``device``.
    """
    samples, grid = [], Grid(config.patches[0])
    for number in range(config.validation_samples):
        draw = Draw(seed_of(HELD_OUT, number))
        anatomy = draw_anatomy(grid, draw, centred=config.centred, wide=config.wide, narrow=config.narrow)
        sample = draw_sample(anatomy, grid, draw, wide=config.wide, slabs=config.slabs)
        sample = with_relative(sample, grid, draw, config.reaches) if config.relative else sample
        samples.append(Sample(sample.image.to(device), sample.target.to(device), sample.weight.to(device)))
    return samples


def evaluate(network: nn.Module, samples: Sequence[Sample]) -> dict[str, float]:
    """Return the scores of :func:`measure`."""
    return measure(network, samples)[0]


def measure(network: nn.Module, samples: Sequence[Sample]) -> tuple[dict[str, float], CalibrationCurve]:
    """Return Dice, soft Dice, area error and bias, calibration error and false volume, averaged; and the calibration.

    Areas compare the mean axial area (mm2) over the slices where cord is. ``false_ml`` is the volume marked in samples
    without cord. The calibration is that of the cord's voxels with a value in :data:`UNSURE`.
    """
    network.eval()
    rows: dict[str, list[float]] = {"dice": [], "soft_dice": [], "area_error": [], "area_bias": [], "false_ml": []}
    values, truths = [], []
    with torch.inference_mode():
        for pair in [samples[i : i + 2] for i in range(0, len(samples), 2)]:
            outputs = network(torch.stack([s.image for s in pair]))
            logits = outputs if isinstance(outputs, Tensor) else outputs[0]
            for sample, logit in zip(pair, logits, strict=True):
                predicted, known = torch.sigmoid(logit[0].float()), sample.weight[0] >= sample.weight[0].max()
                _score(rows, predicted * known, sample.target[0] * known)
                unsure = known & (predicted > UNSURE[0]) & (predicted < UNSURE[1])
                values.append(predicted[unsure].cpu())
                truths.append(sample.target[0][unsure].cpu())
    # A fraction may exceed 1 by a rounding error.
    curve = calibration_curve(torch.cat(values).numpy(), torch.cat(truths).clamp(0, 1).numpy())
    scores = {name: sum(column) / max(1, len(column)) for name, column in rows.items()}
    return scores | {"ece": curve.expected_error}, curve


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
