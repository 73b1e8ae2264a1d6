"""Fills voxels from the inside of the body outwards, so that each tissue takes only what is left of a voxel."""

import torch
from torch import Tensor

from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.tissues import Tissue


class Painter:
    """Tissue fractions (tissue, D, H, W) in the making, and ``left``, the share of each voxel still empty."""

    def __init__(self, grid: Grid) -> None:
        self.fractions = torch.zeros(len(Tissue), *grid.shape, device=grid.device)
        self.left = torch.ones(grid.shape, device=grid.device)

    def add(self, tissue: Tissue, coverage: Tensor) -> None:
        """Let ``tissue`` fill ``coverage`` of what is left of each voxel."""
        share = self.left * coverage
        self.fractions[tissue] += share
        self.left -= share

    def place(self, tissue: Tissue, fraction: Tensor) -> None:
        """Give ``tissue`` exactly ``fraction`` of each voxel; the caller sees to it that there is room."""
        self.fractions[tissue] += fraction
        self.left -= fraction

    def finish(self, tissue: Tissue) -> Tensor:
        """Fill what is left and return the fractions, which then sum to one."""
        self.fractions[tissue] += self.left.clamp(min=0)
        return self.fractions
