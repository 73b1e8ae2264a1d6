"""First estimates of cord and canal, as wrong as a coarse network's, and what a follower sees by them."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from crosscontrast.cord.generator.acquisition import smooth
from crosscontrast.cord.generator.appearance import Sample
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.inference.relative import relative_contrast


def with_relative(sample: Sample, grid: Grid, draw: Draw, reaches: Sequence[float]) -> Sample:
    """Return the sample with a second channel: its image relative to cord and fluid, by a rough first estimate.

    ``reaches`` are those of :func:`~crosscontrast.inference.relative.relative_contrast`.
    """
    cord, canal = rough_estimate(sample.target, grid, draw)
    relative = relative_contrast(sample.image[0], cord, canal, reaches)
    return replace(sample, image=torch.cat([sample.image, relative[None]]))


def rough_estimate(target: Tensor, grid: Grid, draw: Draw) -> Tensor:
    """Return (2, D, H, W): the fractions of cord and canal in ``target``, made as wrong as a first guess.

    They are blurred, moved by a millimetre or so, too large or too small here and there, unsure or missing over a
    stretch, and sometimes missing altogether. Half of them are nearly right, as those are by which windows go along a
    cord for the second time.
    """
    if draw.chance(0.05):
        return torch.zeros_like(target)
    wrong = draw.pick((1.0, 0.3))
    blur, along = wrong * draw.uniform(0.2, 1.4), wrong * draw.uniform(0, 3)
    shifts = [round(draw.normal(0.8 * wrong, 3)) for _ in range(2)]
    parts = []
    for fraction in target:
        rough = smooth(fraction, (along, blur, blur)).clamp(1e-3, 1 - 1e-3)
        tendency = draw.normal(0.8) - 0.2 + draw.uniform(0, 1.2) * draw.field(grid, draw.uniform(10, 30))
        parts.append(torch.sigmoid(torch.logit(rough) * draw.factor(0.3) + wrong * tendency))
    estimate = torch.roll(torch.stack(parts), shifts, (2, 3))
    if draw.chance(0.3 * wrong):
        estimate = estimate * (draw.field(grid, draw.uniform(12, 40)) * 2 + draw.uniform(0.5, 2.5)).clamp(0, 1)
    return torch.stack([estimate[0], torch.maximum(estimate[0], estimate[1])])
