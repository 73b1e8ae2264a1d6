"""What a whole image shows beside the spine: muscles of the neck, shoulders, ribs, kidneys, liver and spleen, bowel."""

from dataclasses import dataclass

import torch
from torch import Tensor

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame
from crosscontrast.cord.generator.grid import Grid, coverage, ellipse, ellipsoid, tube
from crosscontrast.cord.generator.painter import Painter
from crosscontrast.cord.generator.tissues import Tissue

#: Heights in mm above the foramen magnum: where the neck ends, the shoulders, the ribs, and the upper belly.
_NECK_ENDS, _SHOULDERS, _RIBS, _BELLY = -150.0, (-210.0, -90.0), (-400.0, -150.0), -280.0


@dataclass(frozen=True)
class _Place:
    """What all painters of this module need."""

    painter: Painter
    grid: Grid
    frame: Frame
    draw: Draw

    def add(self, tissue: Tissue, distance: Tensor) -> None:
        """Paint the inside of a surface given by its signed distance."""
        self.painter.add(tissue, coverage(distance, self.grid))


def paint_organs(painter: Painter, grid: Grid, frame: Frame, draw: Draw) -> None:
    """Paint, inside the skin, what lies too far from the cord for windows that follow it."""
    place = _Place(painter, grid, frame, draw)
    if frame.centre > _NECK_ENDS:
        _paint_neck(place)
    if _SHOULDERS[0] < frame.centre < _SHOULDERS[1]:
        _paint_shoulders(place)
    if _RIBS[0] < frame.centre < _RIBS[1]:
        _paint_ribs(place)
    if frame.centre < _BELLY:
        _paint_belly(place)


def _paint_neck(place: _Place) -> None:
    """Paint pairs of long muscles, each in a sheath of fat: in a slice as round as a cord and enclosed as one."""
    frame, draw = place.frame, place.draw
    for _ in range(int(draw.uniform(3, 10))):
        aside, ahead, rim = draw.uniform(9, 52), draw.uniform(-55, 40), draw.uniform(0, 2.5)
        wide, deep = draw.uniform(3, 15), draw.uniform(3, 11)
        lean_u, lean_v, turn = draw.normal(0.2, 0.6), draw.normal(0.2, 0.6), draw.normal(0.5, 1.2)
        tissue = draw.pick((Tissue.MUSCLE, Tissue.DEEP_MUSCLE))
        for side in (-1, 1):
            u = frame.u - side * (aside + lean_u * frame.w) * draw.factor(0.05)
            v = frame.v - (ahead + lean_v * frame.w) * draw.factor(0.05)
            muscle = ellipse(u + side * turn * v, v, wide, deep)
            place.add(tissue, muscle)
            place.add(Tissue.FAT, muscle - rim)


def _paint_shoulders(place: _Place) -> None:
    """Paint the heads of the upper arms, and collar bones and shoulder blades as flat bones that slant outwards."""
    frame, draw = place.frame, place.draw
    aside, drop = draw.uniform(110, 170), draw.uniform(-185, -140)
    radius, cortex = draw.uniform(19, 26), draw.uniform(1, 2.5)
    for side in (-1, 1):
        head = ellipsoid(
            frame.u - side * aside, frame.v - draw.uniform(-15, 10), frame.height - drop, radius, radius, radius
        )
        _paint_bone(place, head, cortex)
        for ahead in (draw.uniform(35, 60), draw.uniform(-60, -35)):  # collar bone, shoulder blade
            slant = frame.height - drop - draw.uniform(0, 25) - draw.uniform(-0.3, 0.3) * (frame.u.abs() - aside)
            flat = ellipse(frame.v - ahead - draw.uniform(-0.3, 0.3) * (frame.u.abs() - aside), slant, 4.5, 7.0)
            _paint_bone(place, torch.maximum(flat, 15 - side * frame.u), draw.uniform(0.5, 1.5))


def _paint_bone(place: _Place, outline: Tensor, cortex: float) -> None:
    place.add(Tissue.MARROW, outline + cortex)
    place.add(Tissue.CORTICAL, outline)


def _paint_ribs(place: _Place) -> None:
    """Paint rods that run around the chest and slope down to the front."""
    frame, draw = place.frame, place.draw
    wide, deep = draw.uniform(105, 145), draw.uniform(75, 100)
    wall = ellipse(frame.u, frame.v - draw.uniform(30, 55), wide, deep).abs()
    period = draw.uniform(22, 32)
    slope = torch.remainder(frame.w + draw.uniform(0.2, 0.6) * frame.v + draw.uniform(0, period), period) - period / 2
    _paint_bone(place, tube(wall, slope, draw.uniform(3, 6)), draw.uniform(0.5, 1.5))


def _paint_belly(place: _Place) -> None:
    """Paint psoas muscles beside the spine, kidneys in fat, liver and spleen with vessels, and bowel with its air."""
    painter, grid, frame, draw = place.painter, place.grid, place.frame, place.draw
    apart, low = draw.uniform(42, 62), draw.uniform(-430, -370)
    mixed = draw.field(grid, draw.uniform(6, 14))
    for side in (-1, 1):
        psoas = ellipse(frame.u - side * draw.uniform(30, 42), frame.v - draw.uniform(8, 22), *_half_axes(draw, 10, 20))
        painter.add(Tissue.DEEP_MUSCLE, coverage(psoas, grid) * (frame.height < draw.uniform(-420, -370)))
        u, v, w = (
            frame.u - side * apart,
            frame.v - draw.uniform(-5, 22),
            frame.height - low - side * draw.uniform(0, 15),
        )
        kidney = ellipsoid(u, v, w, draw.uniform(20, 28), draw.uniform(18, 26), draw.uniform(45, 60))
        painter.add(Tissue.CSF, coverage(kidney + 14, grid) * (mixed > 0.8))
        painter.add(Tissue.ORGAN, coverage(kidney + draw.uniform(6, 12), grid) * (mixed * 3).clamp(0, 1))
        place.add(Tissue.SECOND_ORGAN, kidney)
        place.add(Tissue.FAT, kidney - draw.uniform(1, 14))
    for side, size in ((1, draw.uniform(65, 95)), (-1, draw.uniform(30, 50))):  # liver, spleen
        u, v = frame.u - side * draw.uniform(75, 110), frame.v - draw.uniform(25, 60)
        organ = ellipsoid(u, v, frame.height - draw.uniform(-370, -320), size, size * 0.9, size * 0.8)
        vessels = ((draw.field(grid, draw.uniform(8, 16)).abs() - draw.uniform(0.02, 0.12)) * -12).clamp(0, 1)
        painter.add(draw.pick((Tissue.VESSEL, Tissue.FLOW, Tissue.VEIN)), coverage(organ, grid) * vessels)
        place.add(Tissue.ORGAN if side > 0 else Tissue.SECOND_ORGAN, organ)
    loops, before = draw.field(grid, draw.uniform(10, 22)), (frame.v - draw.uniform(45, 65)) / 4
    inside = before.clamp(0, 1) * (frame.height < draw.uniform(-420, -360))
    painter.add(Tissue.AIR, inside * (loops > draw.uniform(0.9, 2.0)))
    painter.add(Tissue.SECOND_ORGAN, inside * (loops > 0.3))
    painter.add(Tissue.MUCOSA, inside * (loops > 0.1))


def _half_axes(draw: Draw, low: float, high: float) -> tuple[float, float]:
    return draw.uniform(low, high), draw.uniform(low, high)
