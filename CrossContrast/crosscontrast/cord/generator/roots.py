"""Nerve roots in the fluid: rootlets beside the cord, and the cauda equina, which a network must not take for cord."""

import torch
from torch import Tensor

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame
from crosscontrast.cord.generator.grid import Grid, coverage, ellipse, tube
from crosscontrast.cord.generator.morphometry import CONUS_TIP, Sizes


def draw_roots(grid: Grid, frame: Frame, sizes: Sizes, draw: Draw) -> Tensor:
    """Return the share (D, H, W) that roots fill of what cord and pia leave of the sac in each voxel."""
    roots = _rootlets(grid, frame, sizes, draw) if draw.chance(0.5) else torch.zeros_like(frame.u)
    if frame.low > CONUS_TIP + 160:
        return roots
    if draw.chance(0.7):
        gathering = ((CONUS_TIP + 150 - sizes.height) / 80).clamp(0, 1)
        roots = torch.maximum(roots, gathering * _sheath(grid, frame, sizes, draw))
    begun = ((CONUS_TIP + 80 - sizes.height) / 50).clamp(0, 1)
    return torch.maximum(roots, begun * torch.maximum(_strands(grid, frame, sizes, draw), _clumps(grid, sizes, draw)))


def _rootlets(grid: Grid, frame: Frame, sizes: Sizes, draw: Draw) -> Tensor:
    """Return rows of rootlets that leave the cord's flanks towards the dura, in front and behind."""
    thick, slope = draw.uniform(0.15, 0.45), draw.uniform(0.2, 0.9)
    aside = frame.u.abs()
    result = torch.zeros_like(frame.u)
    for side in (-1, 1):
        sheet = (frame.v - side * (0.45 * sizes.cord_front + 0.25 * (aside - sizes.cord_right))).abs() - thick
        row = torch.sin((frame.w + slope * aside) / draw.uniform(1.2, 3.0)).clamp(min=0)
        result = torch.maximum(result, row * coverage(torch.maximum(sheet, 0.75 * sizes.cord_right - aside), grid))
    return result


def _sheath(grid: Grid, frame: Frame, sizes: Sizes, draw: Draw) -> Tensor:
    """Return roots that run down along the lumbar cord, close to its surface and here and there around it."""
    thick = draw.uniform(0.4, 3.0)
    near = coverage(ellipse(frame.u, frame.v, sizes.cord_right + thick, sizes.cord_front + thick), grid)
    packed = draw.uniform(0.0, 0.8) + draw.uniform(0.1, 0.4) * draw.field(grid, draw.uniform(2, 6))
    return near * packed.clamp(0, 0.95)


def _strands(grid: Grid, frame: Frame, sizes: Sizes, draw: Draw) -> Tensor:
    """Return single roots, which spread through the sac below the conus."""
    spread = 0.35 + 0.65 * ((CONUS_TIP + 20 - sizes.height) / 90).clamp(0, 1)
    result = torch.zeros_like(frame.u)
    for _ in range(int(draw.uniform(4, 16))):
        u = draw.uniform(-0.8, 0.8) * sizes.sac_right * spread + draw.normal(0.06) * frame.w
        v = draw.uniform(-0.9, 0.4) * sizes.sac_front + draw.normal(0.004) * frame.w
        result = torch.maximum(result, coverage(tube(sizes.u - u, sizes.v - v, draw.uniform(0.3, 1.0)), grid))
    return result


def _clumps(grid: Grid, sizes: Sizes, draw: Draw) -> Tensor:
    """Return roots that lie together: as thick as a cord, with fluid between them."""
    result = torch.zeros_like(sizes.u)
    for _ in range(int(draw.uniform(0, 3.5))):
        u, v = draw.uniform(-0.5, 0.5) * sizes.sac_right, draw.uniform(-0.75, 0.1) * sizes.sac_front
        clump = coverage(ellipse(sizes.u - u, sizes.v - v, draw.uniform(1.5, 5.5), draw.uniform(1.0, 3.0)), grid)
        packed = draw.uniform(0.5, 1.1) + draw.uniform(0.1, 0.5) * draw.field(grid, draw.uniform(1.5, 4))
        result = torch.maximum(result, clump * packed.clamp(0, 1))
    return result
