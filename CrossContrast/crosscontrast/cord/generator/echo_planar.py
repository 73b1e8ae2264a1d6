"""Echo-planar images: shifted along the phase direction, dark where the field is disturbed, coarse."""

import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.cord.generator.acquisition import Sampling
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid


def draw_echo_planar_sampling(draw: Draw) -> Sampling:
    """Draw the coarse axial slices that such images have."""
    side = draw.uniform(0.9, 2.4)
    return Sampling((draw.uniform(2.5, 6), side, side * draw.factor(0.1)))


def distort(image: Tensor, shown: Tensor, grid: Grid, draw: Draw) -> tuple[Tensor, Tensor]:
    """Return image (D, H, W) and what it shows (C, D, H, W), both moved as the field moves them; the image fades too.

    Along the phase direction, mostly from back to front, every voxel moves by up to some millimetres. Where the shift
    piles voxels up the image is brighter, where it pulls them apart darker. Signal is lost where the field changes
    fastest, and in holes.
    """
    axis = draw.pick((1, 2), (0.8, 0.2))
    shift = draw.uniform(0.3, 4.0) * draw.field(grid, draw.uniform(18, 50))
    shift = shift + draw.uniform(0, 1.5) * draw.field(grid, draw.uniform(8, 16))
    slope = torch.gradient(shift, spacing=grid.spacing)
    places = torch.stack(torch.meshgrid(*(torch.linspace(-1, 1, n) for n in grid.shape), indexing="ij"), -1).flip(-1)
    places[..., 2 - axis] += shift / grid.spacing * 2 / max(grid.shape[axis] - 1, 1)
    everything = torch.cat([image[None], shown])[None]
    moved = functional.grid_sample(everything, places[None].to(image.device), padding_mode="border", align_corners=True)
    faded = moved[0, 0] * (1 + slope[axis]).clamp(0.2, 2.5)
    steep = (slope[0] ** 2 + slope[1] ** 2 + slope[2] ** 2).sqrt()
    faded = faded * torch.exp(-draw.uniform(0, 4) * (steep - 0.15).clamp(min=0))
    if draw.chance(0.5):
        holes = (draw.field(grid, draw.uniform(12, 30)) - draw.uniform(1.0, 2.2)).clamp(0, 1)
        faded = faded * (1 - draw.uniform(0.4, 1.0) * holes)
    return faded, moved[0, 1:]
