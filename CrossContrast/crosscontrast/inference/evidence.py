"""What speaks for a long structure that windows have followed: it is judged by itself, not by what proposed it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from crosscontrast.inference.localise import SURE

#: A cross-section that changes by this share per mm, and a centre line that leaves the middle of its neighbours 1 mm
#: away by this many mm, make ``steady`` and ``straight`` 1/e. Cords: 0.004 to 0.02, and 0.02 to 0.08; what a follower
#: makes of brains: 0.08 to 0.3, and 0.12 to 0.3.
_CHANGE, _BEND = 0.1, 0.25
#: A cross-section of fewer mm² has no centre that means anything.
_LEAST_AREA = 3.0
#: What is shorter than this, in mm, and than this share of a shorter image, counts by its length: what looks most like
#: a cord in a brain is 10 to 20 mm long.
_SHORT, _SHORT_SHARE = 25.0, 0.8
#: Cross-sections are compared this many mm apart.
_APART = 2.0


@dataclass(frozen=True)
class Evidence:
    """Shares from 0 to 1 of what a tube should be, its ``length`` in mm and its median cross-section ``area`` in mm².

    ``sure``: of its mass, how much lies in voxels where the network is sure; ``seen``: of its slices, how many have
    such a voxel; ``steady``: how little its cross-section changes along it; ``straight``: how smooth its centre line
    is; ``enclosed``: how far the space that it should lie in surrounds it (1 where no output shows that space).
    ``reach`` is the share of the image along the structure through which it runs.
    """

    sure: float
    seen: float
    steady: float
    straight: float
    enclosed: float
    reach: float
    length: float
    area: float

    @property
    def score(self) -> float:
        """One number from 0 to 1: the geometric mean of the first five, so that a missing one tells; less if short."""
        mean = np.prod([self.sure, self.seen, self.steady, self.straight, self.enclosed]) ** 0.2
        # length / reach is the image's extent along it
        least = min(_SHORT, _SHORT_SHARE * self.length / self.reach)
        return float(mean * min(self.length / least, 1.0))

    def __str__(self) -> str:
        shares = ("sure", "seen", "steady", "straight", "enclosed")
        return ", ".join(f"{name} {getattr(self, name):.2f}" for name in shares) + f", {self.length:.0f} mm long"


def main_tube(values: np.ndarray, threshold: float) -> np.ndarray | None:
    """Return the mask of the connected piece (by faces, edges and corners) with the largest mass, if there is any."""
    pieces, count = ndimage.label(values > threshold, structure=np.ones((3, 3, 3)))
    if not count:
        return None
    masses = np.asarray(ndimage.sum(values, pieces, range(1, count + 1)))
    return np.asarray(pieces == 1 + int(masses.argmax()))


def measure_tube(
    values: np.ndarray, space: np.ndarray | None, tube: np.ndarray, spacing: tuple[float, ...], whole: float
) -> Evidence:
    """Measure the structure's soft ``values`` (along it, then two axes) inside the mask ``tube``.

    ``space`` are the values of the output in which it should lie, ``spacing`` is in mm along the three axes, ``whole``
    the image's extent along the first of them in mm.
    """
    step, pixel = spacing[0], spacing[1] * spacing[2]
    found = np.where(tube, values, 0)
    slices = np.flatnonzero(tube.any((1, 2)))
    area = found[slices].sum((1, 2), dtype=float)
    length = len(slices) * step
    return Evidence(
        sure=float(found[found > SURE].sum(dtype=float) / area.sum()),
        seen=float((found[slices].max((1, 2)) > SURE).mean()),
        steady=_steadiness(area * pixel, step),
        straight=_straightness(found[slices], area, spacing),
        enclosed=1.0 if space is None else _enclosure(tube, space),
        reach=min(length / whole, 1.0),
        length=length,
        area=float(np.median(area) * pixel),
    )


def _steadiness(area: np.ndarray, step: float) -> float:
    apart = max(round(_APART / step), 1)
    if len(area) <= apart:
        return 1.0
    first, second = area[:-apart], area[apart:]
    change = np.abs(second - first) / (0.5 * (first + second)) / (apart * step)
    return float(np.exp(-np.median(change) / _CHANGE))


def _straightness(found: np.ndarray, area: np.ndarray, spacing: tuple[float, ...]) -> float:
    large = area * spacing[1] * spacing[2] > _LEAST_AREA
    apart = max(round(1 / spacing[0]), 1)
    if large.sum() <= 2 * apart:
        return 1.0
    rows, columns = (np.arange(n) * side for n, side in zip(found.shape[1:], spacing[1:], strict=True))
    centre = np.stack([found.sum(2) @ rows, found.sum(1) @ columns])[:, large] / area[large]
    middle = 0.5 * (centre[:, : -2 * apart] + centre[:, 2 * apart :])
    bend = np.hypot(*(centre[:, apart:-apart] - middle)).mean()
    return float(np.exp(-bend / _BEND))


def _enclosure(tube: np.ndarray, space: np.ndarray) -> float:
    """Return the mean of ``space`` over the tube and the voxels that touch it across."""
    cross = ndimage.generate_binary_structure(3, 1)
    cross[[0, 2]] = False
    return float(space[ndimage.binary_dilation(tube, cross)].mean(dtype=float))
