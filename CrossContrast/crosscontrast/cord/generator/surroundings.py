"""What lies around the column: muscles, fat, vessels, airway, gullet, organs, skin and the air outside."""

from dataclasses import dataclass

import torch
from torch import Tensor

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame, level_value
from crosscontrast.cord.generator.grid import Grid, coverage, ellipse, tube
from crosscontrast.cord.generator.morphometry import Knots, Sizes
from crosscontrast.cord.generator.organs import paint_organs
from crosscontrast.cord.generator.painter import Painter
from crosscontrast.cord.generator.tissues import Tissue

#: (height above the foramen magnum, mm): half width and half depth of the body, and how far it lies before the cord.
BODY_WIDE: Knots = ((90, 76), (10, 72), (-30, 62), (-100, 60), (-150, 120), (-230, 165), (-600, 165))
BODY_DEEP: Knots = ((90, 96), (10, 88), (-30, 66), (-100, 62), (-150, 80), (-230, 105), (-600, 110))
BODY_AHEAD: Knots = ((90, 14), (10, 18), (-30, 16), (-100, 14), (-150, 18), (-230, 45), (-600, 50))
#: How far before the sac the airway runs, and where chest and belly begin.
AIRWAY_AHEAD: Knots = ((-110, 2), (-260, 14), (-450, 26))
CAVITY_AHEAD: Knots = ((-110, 20), (-260, 32), (-450, 50))
SHOULDERS, DIAPHRAGM = -130.0, -320.0


@dataclass(frozen=True)
class _Scene:
    """What all painters of this module need."""

    painter: Painter
    grid: Grid
    frame: Frame
    sizes: Sizes
    draw: Draw

    def add(self, tissue: Tissue, distance: Tensor) -> None:
        """Paint the inside of a surface given by its signed distance."""
        self.painter.add(tissue, coverage(distance, self.grid))


def paint_surroundings(
    painter: Painter, grid: Grid, frame: Frame, sizes: Sizes, draw: Draw, *, wide: bool = False
) -> None:
    """Paint everything outside column and head, from the air and the skin inwards; ``wide`` with far organs."""
    scene = _Scene(painter, grid, frame, sizes, draw)
    fold = draw.field(grid, draw.uniform(10, 30))
    _paint_skin(scene, fold)
    _paint_airway(scene)
    _paint_vessels(scene)
    if wide:
        paint_organs(painter, grid, frame, draw)
    if frame.centre < SHOULDERS:
        _paint_cavity(scene, fold)
    _paint_muscles(scene, fold)


def _paint_skin(scene: _Scene, fold: Tensor) -> None:
    """Paint the air outside, the skin and the fat below it."""
    frame, draw = scene.frame, scene.draw
    build = draw.pick((0.7, 1.0, 1.3), (0.15, 0.7, 0.15))  # a child, an adult, a large one
    wide = level_value(frame.centre, BODY_WIDE) * build * draw.factor(0.13)
    deep = level_value(frame.centre, BODY_DEEP) * build * draw.factor(0.15)
    skin = ellipse(frame.u, frame.v - level_value(frame.centre, BODY_AHEAD) * draw.factor(0.3), wide, deep)
    scene.add(Tissue.AIR, -skin)
    if draw.chance(0.7):
        scene.add(Tissue.MUCOSA, -skin - draw.uniform(0.5, 2.5))
    thick = draw.uniform(1.5, 8) if draw.chance(0.6) else draw.uniform(8, 30)
    scene.add(Tissue.FAT, -skin - thick * (1 + 0.4 * fold))


def _paint_airway(scene: _Scene) -> None:
    """Paint throat or windpipe with its wall, and the gullet behind it."""
    frame, draw = scene.frame, scene.draw
    if frame.centre < DIAPHRAGM:
        return
    ahead = frame.v - scene.sizes.typical_front - draw.uniform(18, 30) - level_value(frame.centre, AIRWAY_AHEAD)
    radius = draw.uniform(4, 10)
    airway = tube(frame.u - draw.normal(3), ahead - radius - draw.uniform(0, 8), radius, draw.factor(0.15))
    gullet = ellipse(frame.u - draw.normal(5), ahead, draw.uniform(4, 8), draw.uniform(2, 5))
    scene.add(Tissue.AIR, airway)
    scene.add(draw.pick((Tissue.MUCOSA, Tissue.CORTICAL, Tissue.LIGAMENT)), airway - draw.uniform(0.5, 3))
    scene.add(draw.pick((Tissue.MUCOSA, Tissue.DEEP_MUSCLE)), gullet)


def _paint_vessels(scene: _Scene) -> None:
    """Paint the paired vessels of the neck, or what looks like them lower down, and single ones anywhere."""
    draw, sizes = scene.draw, scene.sizes
    most = 6 if scene.frame.centre > SHOULDERS - 20 else 3.5
    for _ in range(int(draw.uniform(0.3 * most, most))):
        before = draw.chance(0.7)  # carotids, jugulars, vertebral arteries; else veins among the muscles behind
        aside, ahead = draw.uniform(10, 45), draw.uniform(-5, 40) if before else draw.uniform(-40, 0)
        for side in (-1, 1):
            _paint_vessel(scene, side * aside * draw.factor(0.08), ahead * draw.factor(0.08), draw.uniform(1.2, 6.5))
    for _ in range(int(draw.uniform(0, 3.5))):
        aside, ahead = draw.uniform(-60, 60), draw.uniform(-55, 70)
        if abs(aside) > sizes.typical_right + 8 or abs(ahead) > sizes.typical_front + 12:
            _paint_vessel(scene, aside, ahead, draw.uniform(1.5, 12))


def _paint_vessel(scene: _Scene, u: float, v: float, radius: float) -> None:
    """Paint a slanting tube around (u, v): bright, black or like a nerve; with or without a sheath."""
    frame, draw = scene.frame, scene.draw
    u_course, v_course = u + draw.normal(0.2) * frame.w, v + draw.normal(0.2) * frame.w
    vessel = tube(frame.u - u_course, frame.v - v_course, radius, draw.factor(0.2))
    scene.add(draw.pick((Tissue.VESSEL, Tissue.FLOW, Tissue.VEIN, Tissue.ROOT), (0.4, 0.3, 0.2, 0.1)), vessel)
    if draw.chance(0.5):
        scene.add(draw.pick((Tissue.FAT, Tissue.LIGAMENT, Tissue.CSF)), vessel - draw.uniform(0.5, 3))


def _paint_cavity(scene: _Scene, fold: Tensor) -> None:
    """Paint the aorta, and lungs beside the upper column or organs before the lower one."""
    painter, frame, draw = scene.painter, scene.frame, scene.draw
    ahead = frame.v - scene.sizes.typical_front - level_value(frame.centre, CAVITY_AHEAD)
    aorta = ellipse(
        frame.u + draw.uniform(-20, 25), ahead + draw.uniform(-4, 6), draw.uniform(6, 13), draw.uniform(6, 13)
    )
    scene.add(draw.pick((Tissue.VESSEL, Tissue.FLOW)), aorta)
    beside = torch.minimum(frame.u.abs() - draw.uniform(18, 34), frame.v + draw.uniform(5, 20))
    inside = (torch.minimum(beside, ahead) / 3 + 0.3 * fold).clamp(0, 1)
    if frame.centre > DIAPHRAGM and draw.chance(0.85):
        painter.add(Tissue.VESSEL, inside * ((draw.field(scene.grid, 6) - 1.3) * 3).clamp(0, 1))
        painter.add(Tissue.LUNG, inside)
    mixed = draw.field(scene.grid, draw.uniform(8, 25))
    painter.add(Tissue.SECOND_ORGAN, inside * (mixed * 4 - draw.uniform(-2, 3)).clamp(0, 1))
    painter.add(Tissue.FAT, inside * (1 - mixed.abs() * 4).clamp(0, 1) * draw.uniform(0, 1))
    painter.add(Tissue.ORGAN, inside)


def _paint_muscles(scene: _Scene, fold: Tensor) -> None:
    """Paint the deep muscles of the back, and fat or fasciae in the planes between all the others."""
    painter, grid, frame, draw = scene.painter, scene.grid, scene.frame, scene.draw
    from_plane = torch.minimum(draw.field(grid, draw.uniform(8, 20)).abs(), fold.abs() + draw.uniform(0, 0.5))
    planes = (draw.uniform(0.3, 1.3) - from_plane / draw.uniform(0.08, 0.4)).clamp(0, 1)
    painter.add(draw.pick((Tissue.FAT, Tissue.LIGAMENT), (0.8, 0.2)), planes)
    for side in (-1, 1):
        wide, deep = draw.uniform(8, 24), draw.uniform(8, 24)
        behind = frame.v + scene.sizes.typical_front + draw.uniform(4, 14) + 0.5 * deep
        group = ellipse(frame.u - side * (wide + draw.uniform(0, 4)), behind, wide, deep)
        scene.add(Tissue.DEEP_MUSCLE, group)
        scene.add(Tissue.FAT, group - draw.uniform(0, 2.5))
    streaks = ((draw.field(grid, draw.uniform(6, 16)) - draw.uniform(0.5, 2.5)) * 3).clamp(0, 1)
    painter.add(draw.pick((Tissue.FAT, Tissue.MUCOSA, Tissue.DEEP_MUSCLE)), streaks)
