"""How thick cord and dural sac are along the body.

Typical sizes follow published morphometry (Frostell et al. 2016: cord 13.3 x 7.4 mm at segment C5, 8.3 x 6.3 mm at T8,
9.4 x 7.5 mm at L3). In the neck they follow the manual masks of nine people of the spine-generic data (CC BY 4.0: cord
12.9 x 6.9 mm at C5 and 11.4 x 7.2 mm at C2, sac 21 x 13 mm; 2 mm below their upper ends the sac is 14 to 28 mm deep).
They are spread much wider than people differ, and evenly (:data:`SIZE`), so that a network that cannot quite see the
border does not lean on the average cord.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame, level_value, profile

Knots = Sequence[tuple[float, float]]

#: (height in mm above the foramen magnum, half width in mm), the brainstem included.
CORD_RIGHT: Knots = (
    (60, 13.0), (40, 15.0), (30, 12.0), (18, 8.2), (8, 6.4), (0, 5.8), (-30, 5.7), (-75, 6.45), (-110, 5.9),
    (-140, 5.1), (-200, 4.4), (-260, 4.15), (-330, 4.3), (-385, 4.8), (-410, 4.3), (-432, 2.5), (-450, 0.5),
)  # fmt: skip
CORD_FRONT: Knots = (
    (60, 9.0), (40, 13.0), (30, 10.5), (18, 7.0), (8, 5.0), (0, 4.2), (-30, 3.75), (-75, 3.5), (-110, 3.4),
    (-140, 3.25), (-200, 3.15), (-260, 3.1), (-330, 3.3), (-385, 3.75), (-410, 3.5), (-432, 2.3), (-450, 0.5),
)  # fmt: skip
SAC_RIGHT: Knots = (
    (60, 24.0), (40, 22.0), (20, 18.0), (0, 13.0), (-15, 11.5), (-40, 10.8), (-100, 10.4), (-140, 9.0), (-200, 8.0),
    (-260, 8.0), (-400, 9.3), (-450, 9.6), (-540, 8.6), (-600, 4.5),
)  # fmt: skip
SAC_FRONT: Knots = (
    (60, 20.0), (40, 18.0), (20, 14.5), (0, 11.8), (-15, 9.2), (-30, 8.4), (-45, 7.0), (-100, 6.3), (-140, 6.3),
    (-260, 6.6), (-400, 7.6), (-450, 7.8), (-540, 7.2), (-600, 3.8),
)  # fmt: skip
CONUS_TIP = -450.0
#: How much fluid is left around the cord of a narrow canal, to the right and to the front of it, in mm.
NARROW_RIGHT, NARROW_FRONT = (0.8, 4.0), (0.6, 2.0)
#: Range of a person's size: typical widths times e to this power, areas from 0.65 to 1.8 times the typical one.
SIZE = (-0.22, 0.3)


@dataclass(frozen=True)
class Sizes:
    """Half widths in mm to the right and to the front of cord and sac, each (D, H, W).

    ``height`` is the frame's, moved so that this body's cord ends at :data:`CONUS_TIP`. ``u`` and ``v`` are the
    frame's, moved to the middle of the sac, in which the cord lies off centre. ``typical_right`` and ``typical_front``
    are the sac's half widths in the middle of the patch.
    """

    cord_right: Tensor
    cord_front: Tensor
    sac_right: Tensor
    sac_front: Tensor
    height: Tensor
    u: Tensor
    v: Tensor
    typical_right: float
    typical_front: float


def draw_sizes(frame: Frame, draw: Draw, narrow: float = 0.0) -> Sizes:
    """Draw a person's sizes, sometimes with a cord that is wasted or swollen; ``narrow`` is the share of narrow canals.

    A voxel of a narrow one has cord, fluid and dura in it, and what a thin layer looks like depends on how bright the
    dura is beside it.
    """
    size = math.exp(draw.uniform(*SIZE))
    lower_tip = draw.normal(14, 30)  # the conus ends between T11 and L3
    height = torch.where(frame.height < -300, frame.height - lower_tip * ((-300 - frame.height) / 150), frame.height)
    right = profile(height, CORD_RIGHT) * (size * draw.factor(0.07))
    front = profile(height, CORD_FRONT) * (size * draw.factor(0.07))
    if draw.chance(0.12):
        wasted = (1 - draw.uniform(0.55, 0.9)) * bell(frame, draw, (20, 120))
        right, front = right * (1 - wasted), front * draw.uniform(0.85, 1) * (1 - wasted)
    elif draw.chance(0.08):
        swollen = 1 + draw.uniform(0.1, 0.6) * bell(frame, draw, (8, 30))
        right, front = right * swollen, front * swollen
    right, front = right * waves(frame, draw), front * waves(frame, draw)

    wide = max(draw.factor(0.12), 0.8 * size)
    sac_right = profile(frame.height, SAC_RIGHT) * (wide * draw.factor(0.07)) * waves(frame, draw)
    sac_front = profile(frame.height, SAC_FRONT) * (wide * draw.factor(0.09)) * waves(frame, draw)
    if narrow and draw.chance(narrow):
        sac_right = torch.minimum(sac_right, right + draw.uniform(*NARROW_RIGHT))
        sac_front = torch.minimum(sac_front, front + draw.uniform(*NARROW_FRONT))
    u = frame.u + draw.normal(0.2, 0.5) * (sac_right - right).clamp(min=0)
    v = frame.v + draw.uniform(-0.7, 0.55) * (sac_front - front).clamp(min=0)
    typical = [wide * level_value(frame.centre, knots) for knots in (SAC_RIGHT, SAC_FRONT)]
    return Sizes(right, front, sac_right, sac_front, height, u, v, typical[0], typical[1])


def waves(frame: Frame, draw: Draw) -> Tensor:
    """Return a factor around 1 that changes gently along the body."""
    return 1 + draw.uniform(0, 0.07) * torch.sin(frame.w / draw.uniform(6, 25) + draw.uniform(0, 6.3))


def bell(frame: Frame, draw: Draw, length: tuple[float, float]) -> Tensor:
    """Return a bell along ``w``, of a width drawn from ``length`` in mm, that is 1 at some place of the patch."""
    half = (frame.high - frame.low) * frame.stature / 2
    at, scale = draw.uniform(-half, half), draw.uniform(*length)
    return torch.exp(-(((frame.w - at) / scale) ** 2))
