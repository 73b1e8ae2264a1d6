"""One subject's head in heavily T2-weighted MRI and MR angiography, with labels, as in Sugino's studies."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.synthesis.phantom.grid import Grid, ellipsoid
from crosscontrast.synthesis.phantom.mri import acquire
from crosscontrast.synthesis.seeds import seed_of


class Structure(IntEnum):
    """The values of the written label map."""

    BACKGROUND = 0
    CEREBRUM = 1
    CEREBELLUM = 2
    BRAINSTEM = 3
    VESSELS = 4


#: Painted besides the labels: fluid around the brain, the skull's shell, and air.
_CSF, _SKULL, _AIR = 5, 6, 7
#: Heavy T2: fluid shines, tissue is dark, flowing blood is black. Angiography: inflow shines, all else is suppressed.
HEAVY_T2 = {1: 0.30, 2: 0.27, 3: 0.22, 4: 0.12, _CSF: 1.0, _SKULL: 0.1, _AIR: 0.0}
ANGIOGRAPHY = {1: 0.30, 2: 0.28, 3: 0.26, 4: 0.95, _CSF: 0.12, _SKULL: 0.2, _AIR: 0.0}
_TEXTURES = {1: 0.1, 2: 0.12, 3: 0.06, 4: 0.05, _CSF: 0.03, _SKULL: 0.2, _AIR: 0.0}
#: A vessel with this much added to the tissue around it shows only part of its contrast.
_FAINT = 8


@dataclass(frozen=True)
class HeadPair:
    """The images of one subject on one grid; ``labels`` holds :class:`Structure`, ``mask`` the inside of the skull."""

    heavy_t2: sitk.Image
    mra: sitk.Image
    labels: sitk.Image
    mask: sitk.Image
    vessel_ml: float


def draw_head(grid: Grid, seed: int, flow_void: float = 1.0) -> HeadPair:
    """Draw the subject of ``seed``.

    ``flow_void`` is the contrast that vessels have in heavy T2: 1 as black as blood, 0 as bright as what surrounds them
    and only smoother. Angiography shows them always.
    """
    random = np.random.default_rng(seed_of(seed, 5))
    tissue, around, inside = paint_head(grid, random)
    labels = np.where(tissue <= Structure.VESSELS, tissue, 0).astype(np.uint8)
    faint = np.where(tissue == Structure.VESSELS, around + _FAINT, tissue)
    heavy = acquire(faint, *_with_faint_vessels(flow_void), grid, random, noise=0.03)
    mra = acquire(tissue, ANGIOGRAPHY, _TEXTURES, grid, random, noise=0.02)
    return HeadPair(
        heavy_t2=grid.to_image(heavy),
        mra=grid.to_image(mra),
        labels=grid.to_image(labels),
        mask=grid.to_image(inside.astype(np.uint8)),
        vessel_ml=float((labels == Structure.VESSELS).sum()) * grid.spacing**3 / 1000,
    )


def _with_faint_vessels(flow_void: float) -> tuple[dict[int, float], dict[int, float]]:
    """Return signals and textures of heavy T2 with those of vessels in each tissue."""
    signals = {
        value + _FAINT: signal + flow_void * (HEAVY_T2[Structure.VESSELS] - signal)
        for value, signal in HEAVY_T2.items()
    }
    return HEAVY_T2 | signals, _TEXTURES | dict.fromkeys(signals, _TEXTURES[Structure.VESSELS])


def paint_head(grid: Grid, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the tissue of each voxel (k, j, i), the same without vessels, and whether it lies inside the skull."""
    points, half = grid.points(), grid.size * grid.spacing / 2
    bend = 1 + 0.04 * grid.smooth_field(random, 0.15 * half)
    radii = half * np.array([0.86, 0.9, 0.74]) * random.uniform(0.94, 1.0, 3)
    head = ellipsoid(points, np.zeros(3), radii)
    tissue = np.full(head.shape, _AIR, np.uint8)
    tissue[head < 1.0] = _SKULL
    inside = head < 0.9
    tissue[inside] = _CSF
    # Folds: the brain's border follows a finer field than the skull's.
    folds = 1 + 0.07 * grid.smooth_field(random, 0.07 * half)
    brain = ellipsoid(points, np.array([0.18 * half, 0, 0]), radii * np.array([0.62, 0.8, 0.8])) * folds
    tissue[inside & (brain < 1)] = Structure.CEREBRUM
    ventricle = ellipsoid(points, np.array([0.2 * half, 0, 0]), radii * np.array([0.2, 0.36, 0.16]))
    tissue[ventricle * bend < 1] = _CSF
    small = ellipsoid(points, half * np.array([-0.48, 0.36, 0]), half * np.array([0.24, 0.3, 0.42]))
    tissue[inside & (small * folds < 1)] = Structure.CEREBELLUM
    stem = ellipsoid(points, half * np.array([-0.42, -0.02, 0]), half * np.array([0.5, 0.16, 0.15]))
    tissue[inside & (stem * bend < 1)] = Structure.BRAINSTEM
    around = tissue.copy()
    tissue[inside & vessels(grid, random, half)] = Structure.VESSELS
    return tissue, around, inside


def vessels(grid: Grid, random: np.random.Generator, half: float) -> np.ndarray:
    """Return where vessels are (k, j, i): two carotids and a basilar artery that meet, and arteries that wander off."""
    ring = half * np.array([-0.22, -0.3, 0.0])
    paths = [(ring + half * np.array([-0.7, -0.06, side * 0.16]), ring + half * np.array([0, 0, side * 0.14]))
             for side in (-1, 1)]  # fmt: skip
    paths.append((half * np.array([-0.85, -0.24, 0]), ring))
    for side in (-1, 1):
        start = ring + half * np.array([0, 0, side * 0.14])
        for place in ([0.12, -0.05, 0.52], [0.6, -0.35, 0.1], [0.28, 0.62, 0.34]):
            paths.append((start, half * (np.array(place) * [1, 1, side] + random.uniform(-0.08, 0.08, 3))))
    distance = np.full((grid.size,) * 3, np.inf)
    for start, end in paths:
        line = _wander(start, end, random, 0.1 * half)
        mark = np.ones((grid.size,) * 3, bool)
        index = np.round(line / grid.spacing + (grid.size - 1) / 2).astype(int)
        index = index[((index >= 0) & (index < grid.size)).all(1)]
        mark[tuple(index.T)] = False
        radius = half * random.uniform(0.022, 0.036)
        distance = np.minimum(distance, ndimage.distance_transform_edt(mark) * grid.spacing - radius)
    return distance < 0.35 * grid.spacing


def _wander(start: np.ndarray, end: np.ndarray, random: np.random.Generator, far: float) -> np.ndarray:
    """Return points (n, 3) from ``start`` to ``end`` on a smooth detour of up to about ``far`` mm."""
    t = np.linspace(0, 1, 200)[:, None]
    swing = sum(np.sin(np.pi * k * t) * random.standard_normal(3) / k**1.5 for k in (1, 2, 3))
    return start + t * (end - start) + far * swing
