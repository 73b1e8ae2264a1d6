"""Losses for soft targets, by name and in mixtures.

Each takes logits, target and weight (B, C, D, H, W) and returns (B, C), one number per sample and output.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.cord.teaching.config import LossName

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
VOXELS = (2, 3, 4)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).mean(VOXELS)


def bce(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the cross-entropy with a soft target; its minimum is the expected fraction, so it calibrates."""
    return _mean(functional.binary_cross_entropy_with_logits(logits, target, reduction="none"), weight)


def mse(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the mean squared error of the fraction."""
    return _mean((torch.sigmoid(logits) - target) ** 2, weight)


def dice(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return 1 - soft Dice with squared terms, which is 0 for a soft prediction that equals its soft target."""
    probability = torch.sigmoid(logits)
    overlap = (weight * probability * target).sum(VOXELS)
    total = (weight * (probability**2 + target**2)).sum(VOXELS)
    return 1 - (2 * overlap + 20) / (total + 20)


def area(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the error of the area relative to itself, averaged over the slices of the first axis that show any.

    What makes all borders of a slice a little too wide or too narrow hardly counts voxel by voxel, and is all that
    counts for a cross-sectional area. 20 voxels are added to each area, so that tips and traces do not lead.
    """
    predicted, true = ((weight * part).sum((3, 4)) for part in (torch.sigmoid(logits), target))
    shown = (weight * (target > 0)).amax((3, 4))
    return (shown * (predicted - true).abs() / (true + 20)).sum(2) / (shown > 0).sum(2).clamp(min=1)


def adaptive_wing(
    logits: Tensor,
    target: Tensor,
    weight: Tensor,
    theta: float = 0.5,
    omega: float = 8.0,
    alpha: float = 2.1,
    epsilon: float = 1.0,
) -> Tensor:
    """Return the Adaptive Wing loss (Wang et al. 2019) with the constants of Bédard et al. 2023."""
    error, power = (torch.sigmoid(logits) - target).abs(), alpha - target
    ratio = theta / epsilon
    slope = omega * power * ratio ** (power - 1) / (epsilon * (1 + ratio**power))
    offset = theta * slope - omega * torch.log1p(ratio**power)
    curved = omega * torch.log1p((error / epsilon) ** power)
    return _mean(torch.where(error < theta, curved, slope * error - offset), weight)


LOSSES: dict[LossName, Loss] = {"bce": bce, "dice": dice, "mse": mse, "adaptive_wing": adaptive_wing, "area": area}


def mixture(losses: Mapping[LossName, float], output_weights: Sequence[float]) -> Callable[..., Tensor]:
    """Return a function (outputs, target, weight) -> scalar: the weighted sum of ``losses`` over the outputs.

    ``outputs`` may be a list from fine to coarse (deep supervision): the target is averaged down and level i counts
    0.5**i, as in nnU-Net.
    """

    def one(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        per_output = sum(share * LOSSES[name](logits, target, weight).mean(0) for name, share in losses.items())
        return (torch.as_tensor(per_output) * torch.tensor(output_weights, device=logits.device)).sum()

    def total(outputs: Tensor | Sequence[Tensor], target: Tensor, weight: Tensor) -> Tensor:
        levels = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        loss, scale = torch.zeros((), device=target.device), 0.0
        for level, logits in enumerate(levels):
            size = (logits.shape[2], logits.shape[3], logits.shape[4])
            small = functional.adaptive_avg_pool3d(target, size), functional.adaptive_avg_pool3d(weight, size)
            loss, scale = loss + 0.5**level * one(logits.float(), *small), scale + 0.5**level
        return loss / scale

    return total
