"""A prostate with its zones, a lesion and its neighbours, as shapes that can be painted at any place."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from crosscontrast.synthesis.phantom.grid import Grid, ellipsoid


class Tissue(IntEnum):
    """What a voxel is; the values are those of the written label map. The prostate is 1 to 5."""

    FAT = 0
    PERIPHERAL = 1
    TRANSITION = 2
    URETHRA = 3
    BENIGN_LESION = 4
    CANCER = 5
    BLADDER = 6
    RECTUM = 7
    MUSCLE = 8


PROSTATE = (Tissue.PERIPHERAL, Tissue.TRANSITION, Tissue.URETHRA, Tissue.BENIGN_LESION, Tissue.CANCER)


@dataclass(frozen=True)
class Prostate:
    """One subject's anatomy, in mm as (up, back, left) from the grid's middle.

    ``cancer`` is the outcome: whether the lesion is one (irregular, dark on T2w, hypoechoic) or benign (round, mild).
    ``wobble`` is how far the borders stray from ellipsoids, relative to the radii.
    """

    radii: np.ndarray
    transition: float
    lesion_centre: np.ndarray
    lesion_radius: float
    cancer: bool
    wobble: float = 0.06

    def paint(self, points: np.ndarray, texture: np.ndarray) -> np.ndarray:
        """Return the tissue at each of ``points`` (3, k, j, i); ``texture`` (k, j, i) of deviation 1 bends the borders.

        The rectum lies at the back, where the ultrasound probe is, and the bladder above.
        """
        up, back, left = points
        bend = 1 + self.wobble * texture
        tissue = np.full(up.shape, Tissue.FAT, np.uint8)
        tissue[(np.abs(left) > 1.25 * self.radii[2]) & (up < 0.6 * self.radii[0])] = Tissue.MUSCLE
        top = np.array([1.75 * self.radii[0], -0.35 * self.radii[1], 0.0])
        tissue[ellipsoid(points, top, np.array([0.9, 1.2, 1.3]) * self.radii) * bend < 1] = Tissue.BLADDER
        tissue[back > 1.18 * self.radii[1] + 0.004 * left**2] = Tissue.RECTUM
        gland = ellipsoid(points, np.zeros(3), self.radii) * bend
        tissue[gland < 1] = Tissue.PERIPHERAL
        inner_centre = np.array([0.12 * self.radii[0], -0.18 * self.radii[1], 0.0])
        tissue[ellipsoid(points, inner_centre, self.transition * self.radii) * bend < 1] = Tissue.TRANSITION
        tissue[(gland < 1) & (np.hypot(back + 0.15 * self.radii[1], left) < 2.5)] = Tissue.URETHRA
        edge = 1 + (0.22 if self.cancer else 0.04) * texture
        distance = ellipsoid(points, self.lesion_centre, np.full(3, self.lesion_radius)) * edge
        tissue[(gland < 1) & (distance < 1)] = Tissue.CANCER if self.cancer else Tissue.BENIGN_LESION
        return tissue


def draw_prostate(grid: Grid, random: np.random.Generator, cancer: bool) -> Prostate:
    """Draw an anatomy that fits into ``grid``: its width fills about half of it, the lesion lies in the back half."""
    half = grid.size * grid.spacing / 2
    width = half * random.uniform(0.5, 0.62)
    radii = width * np.array([random.uniform(0.8, 0.95), random.uniform(0.72, 0.85), 1.0])
    side = random.choice([-1.0, 1.0])
    where = np.array([random.uniform(-0.35, 0.35), random.uniform(0.42, 0.6), side * random.uniform(0.25, 0.5)])
    return Prostate(
        radii=radii,
        transition=random.uniform(0.55, 0.68),
        lesion_centre=where * radii,
        lesion_radius=width * random.uniform(0.22, 0.32),
        cancer=cancer,
    )
