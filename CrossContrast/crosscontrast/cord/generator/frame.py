"""Where a patch lies in the body, and coordinates that follow the cord through it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid

#: How often a patch is centred in each stretch, in mm above the foramen magnum of an adult of average height.
STRETCHES: dict[tuple[float, float], float] = {
    (10, 90): 0.06,
    (-15, 10): 0.1,
    (-130, -15): 0.4,
    (-330, -130): 0.16,
    (-470, -330): 0.16,
    (-590, -470): 0.12,
}

#: How often a patch that should follow the cord is elsewhere, as after a first estimate that was wrong.
AWAY = 0.03
#: How often a patch of a wide search is anywhere, and how far from its middle the cord then lies, in mm.
_FAR, _FAR_ASIDE, _FAR_AHEAD, _FAR_BEHIND = 0.4, 110.0, 100.0, 60.0


@dataclass(frozen=True)
class Frame:
    """Coordinates in mm that follow the cord.

    ``u`` grows to the right, ``v`` to the front, both across the cord and zero in its middle; ``w`` grows along it to
    the top, zero at the patch's centre. ``height`` is the position above the foramen magnum in mm of an average adult
    (negative below), shape (D, H, W) like the others. ``low`` and ``high`` are its range in the patch.
    """

    u: Tensor
    v: Tensor
    w: Tensor
    height: Tensor
    low: float
    high: float
    stature: float

    @property
    def centre(self) -> float:
        """Height at the middle of the patch."""
        return (self.low + self.high) / 2


def draw_offset(draw: Draw) -> tuple[float, float]:
    """Return how far, in mm to the right and to the front, the cord lies from the middle of a patch that follows it."""
    return draw.normal(3, 9), draw.normal(3.5, 10)


def draw_frame(grid: Grid, draw: Draw, *, centred: bool = False, wide: bool = False) -> Frame:
    """Place the patch: somewhere along the spine, mostly with the cord inside, sometimes far from it.

    A ``centred`` patch has the cord about its middle, as a window that follows a first estimate of the cord does. A
    ``wide`` search looks at patches anywhere in the body.
    """
    z, y, x = grid.axes()
    depth, height, width = grid.size
    low, high = draw.pick(list(STRETCHES), list(STRETCHES.values()))
    middle, stature = draw.uniform(low, high), draw.factor(0.08)

    away = draw.chance(AWAY if centred else 0.08)
    if centred and not away:
        offset_x, offset_y = draw_offset(draw)
    else:
        offset_x = draw.uniform(-1, 1) * (width if away else max(width / 2 - 8, 0) * draw.uniform(0, 1))
        offset_y = draw.uniform(-1, 1) * (height if away else height / 2 * 0.8)
    if wide and draw.chance(_FAR):
        offset_x, offset_y = draw.uniform(-_FAR_ASIDE, _FAR_ASIDE), draw.uniform(-_FAR_AHEAD, _FAR_BEHIND)
    course_x, slope_x = _course(z, draw, depth, tilt=draw.pick((6, 14), (0.8, 0.2)), bend=0.004)
    course_y, slope_y = _course(z, draw, depth, tilt=draw.pick((11, 22), (0.8, 0.2)), bend=0.008)

    strength, scale = draw.uniform(0, 1.5), draw.uniform(14, 30)
    across_x = x - offset_x - course_x + strength * draw.field(grid, scale)
    across_y = y - offset_y - course_y + strength * draw.field(grid, scale)
    cos_x, cos_y = 1 / (1 + slope_x**2).sqrt(), 1 / (1 + slope_y**2).sqrt()
    along = z * ((cos_x * cos_y).mean() ** -1) + across_x * slope_x * cos_x + across_y * slope_y * cos_y
    across_x, across_y = across_x * cos_x, across_y * cos_y

    turn = math.radians(draw.normal(draw.pick((5, 15), (0.85, 0.15)), 40))
    u = math.cos(turn) * across_x + math.sin(turn) * across_y
    v = math.cos(turn) * across_y - math.sin(turn) * across_x
    reach = depth / 2 / stature
    return Frame(u, v, along, middle + along / stature, middle - reach, middle + reach, stature)


def _course(z: Tensor, draw: Draw, depth: float, tilt: float, bend: float) -> tuple[Tensor, Tensor]:
    """Return the cord's sideways position and its slope at every height: a tilt, a bend and a gentle wave."""
    slope = math.tan(math.radians(draw.normal(tilt, 42)))
    curvature = bend * draw.uniform(-1, 1) ** 3
    z = z - draw.uniform(-0.5, 0.5) * depth
    wave, length, phase = draw.uniform(0, 1.2), draw.uniform(12, 40), draw.uniform(0, 2 * math.pi)
    position = slope * z + curvature * z * z + wave * torch.sin(z / length + phase)
    return position, slope + 2 * curvature * z + wave / length * torch.cos(z / length + phase)


def profile(height: Tensor, knots: Sequence[tuple[float, float]]) -> Tensor:
    """Interpolate ``knots`` of (height, value), in any order, along the body.

    A sum of hinges over the knots within reach: a patch meets few of them, so this is ten times faster than a search.
    """
    low, high = float(height.min()), float(height.max())
    rising = sorted(knots)
    height = height.clamp(rising[0][0], rising[-1][0])
    pieces = [p for p in itertools.pairwise(rising) if p[1][0] > low and p[0][0] < high]
    if not pieces:
        return torch.full_like(height, rising[0][1] if high <= rising[0][0] else rising[-1][1])
    start, value = pieces[0][0]
    slope = (pieces[0][1][1] - value) / (pieces[0][1][0] - start)
    result = (height - start) * slope + value
    for (begin, at_begin), (end, at_end) in pieces[1:]:
        steeper = (at_end - at_begin) / (end - begin)
        result = result.add_((height - begin).clamp_(min=0), alpha=steeper - slope)
        slope = steeper
    return result


def level_value(height: float, knots: Sequence[tuple[float, float]]) -> float:
    """Return :func:`profile` at one height."""
    return float(profile(torch.tensor([float(height)]), knots)[0])
