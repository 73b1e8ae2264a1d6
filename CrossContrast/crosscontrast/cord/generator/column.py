"""The vertebral column around the sac: epidural fat and veins, ligaments, bone, discs, nerves on their way out."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from crosscontrast.cord.generator.cord import Thecal
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame, level_value
from crosscontrast.cord.generator.grid import Grid, coverage, ellipse
from crosscontrast.cord.generator.morphometry import Knots, Sizes
from crosscontrast.cord.generator.painter import Painter
from crosscontrast.cord.generator.tissues import Tissue

#: (height above the foramen magnum, mm): distance from disc to disc, half width and half depth of a vertebral body.
PERIOD: Knots = ((0, 16.0), (-110, 17.0), (-150, 20.0), (-300, 25.0), (-430, 33.0), (-560, 35.0))
BODY_RIGHT: Knots = ((0, 7.0), (-25, 8.5), (-110, 12.0), (-200, 13.0), (-400, 20.0), (-560, 25.0))
BODY_FRONT: Knots = ((0, 5.0), (-25, 7.0), (-110, 8.0), (-200, 11.0), (-400, 15.5), (-560, 17.0))
OCCIPUT = -4.0


@dataclass(frozen=True)
class _Levels:
    """Where the vertebrae are: ``phase`` (D, H, W) in mm runs from 0 to ``period`` between the middles of two discs.

    ``present`` is 1 below the occiput and 0 above it.
    """

    phase: Tensor
    period: float
    present: Tensor


def paint_column(painter: Painter, grid: Grid, frame: Frame, thecal: Thecal, draw: Draw) -> None:
    """Paint the column from the dura outwards."""
    sizes = thecal.sizes
    _paint_epidural(painter, grid, thecal, draw)
    if frame.low > OCCIPUT:
        return
    period = level_value(frame.centre, PERIOD) * frame.stature * draw.factor(0.1)
    phase = torch.remainder(frame.w - sizes.v * draw.normal(0.06) + draw.uniform(0, period), period)
    levels = _Levels(phase, period, ((OCCIPUT - frame.height) / 3).clamp(0, 1))
    _paint_bodies(painter, grid, frame, sizes, levels, draw)
    _paint_exits(painter, grid, sizes, levels, draw)
    _paint_arches(painter, grid, thecal, levels, draw)


def _paint_epidural(painter: Painter, grid: Grid, thecal: Thecal, draw: Draw) -> None:
    """Paint dura, the venous plexus and ligament in front, and epidural fat, of which most lies behind."""
    ahead = thecal.sizes.v / thecal.sizes.typical_front
    if draw.chance(0.8):
        painter.add(Tissue.DURA, coverage(thecal.edge - draw.uniform(0.1, 0.7), grid))
    if draw.chance(0.5):
        plexus = coverage(thecal.edge - draw.uniform(0.3, 2.0), grid) * (2 * ahead).clamp(0, 1)
        painter.add(Tissue.VEIN, plexus * (draw.field(grid, draw.uniform(3, 8)) + draw.uniform(0, 1)).clamp(0, 1))
    if draw.chance(0.35):
        painter.add(Tissue.LIGAMENT, coverage(thecal.edge - draw.uniform(0.3, 1.2), grid) * (ahead > 0))
    fat = draw.uniform(0, 3.0) * ((-ahead).clamp(-0.7, 1.3) + 0.7)
    painter.add(Tissue.EPIDURAL_FAT, coverage(thecal.edge - fat, grid))


def _paint_bodies(painter: Painter, grid: Grid, frame: Frame, sizes: Sizes, levels: _Levels, draw: Draw) -> None:
    """Paint vertebral bodies with their cortex, discs with their nucleus, and the ligaments around them."""
    size = draw.factor(0.12) * frame.stature
    wide, deep = level_value(frame.centre, BODY_RIGHT) * size, level_value(frame.centre, BODY_FRONT) * size
    ahead = sizes.v - sizes.typical_front - draw.uniform(0.3, 2.5) - deep
    outline = torch.maximum(ellipse(sizes.u, ahead, wide, deep), -ahead - draw.uniform(0.75, 0.95) * deep)
    if draw.chance(0.7):
        outline = outline + draw.uniform(0.3, 2.0) * torch.sin(math.pi * levels.phase / levels.period)
    disc_half = levels.period * draw.uniform(0.06, 0.17)
    into_disc = disc_half - (levels.period / 2 - (levels.phase - levels.period / 2).abs())
    bone = torch.maximum(outline, into_disc)
    cortex = draw.uniform(0.3, 1.2) if draw.chance(0.75) else 0.0
    disc = coverage(torch.maximum(outline - draw.uniform(-0.5, 1.5), -into_disc), grid) * levels.present
    nucleus = coverage(ellipse(sizes.u, ahead - 0.1 * deep, 0.6 * wide, 0.55 * deep), grid)
    painter.add(Tissue.MARROW, coverage(bone + cortex, grid) * levels.present)
    painter.add(Tissue.CORTICAL, coverage(bone, grid) * levels.present)
    painter.add(Tissue.NUCLEUS, nucleus * disc * draw.uniform(0, 1))
    painter.add(Tissue.DISC, disc)
    if draw.chance(0.6):
        painter.add(Tissue.LIGAMENT, coverage(outline - draw.uniform(0.5, 1.8), grid) * levels.present)


def _paint_exits(painter: Painter, grid: Grid, sizes: Sizes, levels: _Levels, draw: Draw) -> None:
    """Paint the openings beside the sac at each level: a nerve in fat."""
    aside = sizes.u.abs() - sizes.typical_right
    from_level = levels.phase - draw.uniform(0.1, 0.9) * levels.period
    opening = ellipse(sizes.v - draw.uniform(-2, 3), from_level, draw.uniform(2, 4.5), draw.uniform(2, 4))
    opening = torch.maximum(opening, -aside)
    nerve = torch.maximum(opening + draw.uniform(0.3, 2.5), aside - 14)
    painter.add(Tissue.ROOT, coverage(nerve, grid) * levels.present)
    painter.add(Tissue.EPIDURAL_FAT, coverage(torch.maximum(opening, aside - 10), grid) * levels.present)


def _paint_arches(painter: Painter, grid: Grid, thecal: Thecal, levels: _Levels, draw: Draw) -> None:
    """Paint laminae, facets and spinous processes, the yellow ligament between them and what lies behind."""
    sizes, period = thecal.sizes, levels.period
    start, behind = draw.uniform(0.5, 2.5), -sizes.v - sizes.typical_front
    sloped = torch.remainder(levels.phase + draw.uniform(0, 0.5) * sizes.v + draw.uniform(0, period), period)
    lamina = torch.maximum(thecal.edge - start - draw.uniform(2, 7), sizes.v - draw.uniform(-2, 5))
    lamina = torch.maximum(lamina, (sloped - period / 2).abs() - period * draw.uniform(0.2, 0.46))

    tilted = torch.remainder(sloped - draw.uniform(0, 0.8) * behind, period)
    process = torch.maximum(sizes.u.abs() - draw.uniform(1.2, 4), behind - draw.uniform(10, 40))
    process = torch.maximum(process, (tilted - period / 2).abs() - period * draw.uniform(0.15, 0.42))
    process = torch.maximum(process, -behind)

    aside = sizes.u.abs() - sizes.typical_right - draw.uniform(2, 7)
    facet = ellipse(aside, sizes.v + draw.uniform(-2, 6), draw.uniform(3, 8), draw.uniform(3, 8))
    facet = torch.maximum(facet, (levels.phase - draw.uniform(0.2, 0.8) * period).abs() - period * 0.47)

    bone = torch.minimum(torch.minimum(lamina, process), facet)
    painter.add(Tissue.MARROW, coverage(bone + draw.uniform(0.4, 1.8), grid) * levels.present)
    painter.add(Tissue.CORTICAL, coverage(bone, grid) * levels.present)
    if draw.chance(0.75):
        yellow = torch.maximum(thecal.edge - start - draw.uniform(1, 5), sizes.v + draw.uniform(0, 3))
        painter.add(Tissue.LIGAMENT, coverage(yellow, grid) * levels.present)
    between = torch.maximum(torch.maximum(sizes.u.abs() - draw.uniform(0.8, 3), -behind), behind - 40)
    filling = draw.pick((Tissue.LIGAMENT, Tissue.FAT, Tissue.DEEP_MUSCLE))
    painter.add(filling, coverage(between, grid) * levels.present)
