"""The cord and what lies with it inside the dura."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame, level_value
from crosscontrast.cord.generator.grid import Grid, coverage, ellipse, true_distance
from crosscontrast.cord.generator.labelmaps import Tracing, traced_levels
from crosscontrast.cord.generator.morphometry import CONUS_TIP, Knots, Sizes, bell, draw_sizes
from crosscontrast.cord.generator.roots import draw_roots

#: How much of the cord the grey matter's horns take along the body: most in the enlargements and the conus.
HORNS: Knots = ((0, 0.8), (-75, 1.25), (-140, 0.85), (-330, 0.8), (-385, 1.4), (-430, 2.0))


@dataclass(frozen=True)
class Thecal:
    """Fractions (D, H, W) inside the dura, each nested in the one before: ``canal``, ``cord``, ``grey``.

    ``lesion`` and ``syrinx`` are shares of the cord; ``pia`` clings to it, and ``roots`` lie in the canal outside both.
    ``edge`` is the signed distance to the dura in mm.
    """

    canal: Tensor
    cord: Tensor
    grey: Tensor
    lesion: Tensor
    syrinx: Tensor
    pia: Tensor
    roots: Tensor
    edge: Tensor
    sizes: Sizes


def draw_thecal(grid: Grid, frame: Frame, draw: Draw, tracings: Sequence[Tracing] = (), narrow: float = 0.0) -> Thecal:
    """Grow cord, grey matter, roots and sac along the frame; above the cord's end the "cord" is the brainstem.

    With ``tracings``, half of the patches of the neck and chest take their outlines from those. ``narrow`` is the share
    of canals with little fluid.
    """
    sizes = draw_sizes(frame, draw, narrow)
    traced = traced_levels(frame, sizes, tracings, draw) if tracings and draw.chance(0.5) else None
    sac, cord = traced or (_sac_level(sizes, draw), _cord_level(frame, sizes, draw))
    for _ in range(draw.pick((0, 1, 2, 3), (0.6, 0.2, 0.12, 0.08))):
        sac, cord = _indent(sac, cord, frame, sizes, draw)
    sac = true_distance(sac, grid)
    cord = torch.maximum(true_distance(cord, grid), sac + draw.uniform(0, 0.4))
    inside = coverage(cord, grid) * (sizes.height > CONUS_TIP)
    canal = torch.maximum(coverage(sac, grid), inside)
    none = torch.zeros_like(canal)
    pia = torch.minimum((_covered(grid, cord, draw) - inside).clamp(min=0), canal - inside)
    free = canal - inside - pia
    return Thecal(
        canal,
        inside,
        torch.minimum(_grey(grid, frame, sizes, draw), inside),
        _lesion(grid, draw) if draw.chance(0.12) else none,
        _syrinx(grid, frame, sizes, draw) if draw.chance(0.1) else none,
        pia,
        free * draw_roots(grid, frame, sizes, draw),
        sac,
        sizes,
    )


def _sac_level(sizes: Sizes, draw: Draw) -> Tensor:
    """Return a level function of the sac: a rounded triangle with its apex behind."""
    p, q = sizes.u / sizes.sac_right, sizes.v / sizes.sac_front
    sine = q / (p * p + q * q).sqrt_().clamp_(min=0.05)
    corners = draw.uniform(-0.03, 0.14) * sine * (4 * sine * sine - 3)
    return ellipse(sizes.u, sizes.v, sizes.sac_right, sizes.sac_front) + sizes.sac_front * corners


def _cord_level(frame: Frame, sizes: Sizes, draw: Draw) -> Tensor:
    """Return a level function of the cord: an ellipse with fissure and groove, rounder or more square."""
    p, q = frame.u / sizes.cord_right, frame.v / sizes.cord_front
    sine = q / (p * p + q * q).sqrt_().clamp_(min=0.05)
    fissure = draw.uniform(0, 0.8) * q.clamp(0, 1.2) + draw.uniform(0, 0.3) * (-q).clamp(0, 1.2)
    square, egg = draw.uniform(-0.05, 0.08), draw.uniform(-0.05, 0.05)
    lobes = egg * sine + square * (1 - 8 * sine * sine * (1 - sine * sine))
    level = ellipse(frame.u, frame.v, sizes.cord_right, sizes.cord_front)
    return level + torch.exp(-((p / 0.16) ** 2)) * fissure + sizes.cord_front * lobes


def _indent(sac: Tensor, cord: Tensor, frame: Frame, sizes: Sizes, draw: Draw) -> tuple[Tensor, Tensor]:
    """Press a disc (from the front) or a ligament (from behind) into the sac; a deep one flattens the cord."""
    side = draw.pick((1.0, -1.0), (0.75, 0.25))
    across, centre = draw.uniform(5, 14), draw.uniform(-4, 4)
    dent = draw.uniform(0.05, 0.75) * bell(frame, draw, (2.5, 8)) * torch.exp(-(((sizes.u - centre) / across) ** 2))
    wall = side * sizes.v - sizes.sac_front * (1 - dent)
    return torch.maximum(sac, wall), torch.maximum(cord, wall + draw.uniform(0.2, 1.0))


def _covered(grid: Grid, cord: Tensor, draw: Draw) -> Tensor:
    """Return the cord with what clings to it: pia, vessels and the ends of rootlets, a fraction of a millimetre thick.

    That looks like cord rather than fluid, but is none, and nobody who draws a cord by hand includes it: without it a
    network's areas are as large as where cord and fluid seem to fill a voxel alike, 10 to 20 % above those of masks.
    """
    thickness = draw.uniform(0.25, 0.55) * (1 + 0.6 * draw.field(grid, draw.uniform(3, 10))).clamp(min=0)
    return coverage(cord - thickness, grid)


def _grey(grid: Grid, frame: Frame, sizes: Sizes, draw: Draw) -> Tensor:
    """Return the butterfly: two front horns, two slender back horns that lean outwards, a bridge."""
    horn = level_value(frame.centre, HORNS) * draw.factor(0.2)
    p, q = (frame.u / sizes.cord_right).abs(), frame.v / sizes.cord_front
    front = ellipse(p - 0.29, q - draw.uniform(0.15, 0.35), 0.16 * horn, 0.24 * horn**0.5)
    lean, back = draw.uniform(0.1, 0.45), q + 0.36
    behind = ellipse(p - 0.3 + lean * back, back, 0.075 * horn * draw.factor(0.2), 0.4 * draw.factor(0.1))
    bridge = ellipse(p, q - draw.uniform(-0.02, 0.06), 0.36, 0.075 * horn * draw.factor(0.2))
    level = torch.minimum(torch.minimum(front, behind), bridge)
    return coverage(level * (sizes.cord_right * sizes.cord_front).sqrt(), grid)


def _lesion(grid: Grid, draw: Draw) -> Tensor:
    """Return soft-edged patches that fill a small part of space."""
    return ((draw.field(grid, draw.uniform(4, 9)) - draw.uniform(1.0, 1.6)) * 4).clamp(0, 1)


def _syrinx(grid: Grid, frame: Frame, sizes: Sizes, draw: Draw) -> Tensor:
    """Return a fluid-filled hole along the cord's middle."""
    reach = bell(frame, draw, (8, 60)).sqrt()
    wide = draw.uniform(0.12, 0.75) * sizes.cord_right * reach
    deep = draw.uniform(0.12, 0.75) * sizes.cord_front * reach
    return coverage(ellipse(frame.u, frame.v, wide.clamp(min=0.05), deep.clamp(min=0.05)), grid)
