"""Binary masks as people draw them: displaced by the contrast, by the person's hand, and hard."""

import torch
from torch import Tensor

from crosscontrast.cord.ablation.contrasts import CohortContrast
from crosscontrast.cord.generator.acquisition import smooth
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid

#: Blur in mm through which the distance to the surface is read off; with the voxel's own width the edge is wider.
_BLUR, _EDGE = 0.5, 0.61
#: A rater's own outline: deviation in mm of a whole mask, and of places some mm apart.
_HAND, _TREMOR, _TREMOR_LENGTH = 0.08, 0.15, 6.0


def distance_outside(cord: Tensor) -> Tensor:
    """Return the distance in mm from the cord's surface (D, H, W), negative inside, right to about 2 mm around it.

    ``cord`` is the fraction of each 1 mm voxel. Across a plane surface its blurred value is a normal distribution
    function of the distance, which is turned back here.
    """
    blurred = smooth(cord, (_BLUR, _BLUR, _BLUR)).double().clamp(1e-4, 1 - 1e-4)
    return (-_EDGE * torch.special.ndtri(blurred)).float()


def draw_manual_mask(distance: Tensor, contrast: CohortContrast, grid: Grid, draw: Draw) -> Tensor:
    """Return a mask (D, H, W) of 0 and 1: the voxels whose centre lies inside the outline that a rater drew."""
    outline = contrast.boundary + draw.normal(_HAND) + _TREMOR * draw.field(grid, _TREMOR_LENGTH)
    return (distance < outline).to(torch.uint8)
