"""Features in the cube around every voxel, many cubes at a time."""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from crosscontrast.radiomics.ibsi.features import texture_features
from crosscontrast.radiomics.ibsi.intensity import histogram, statistics
from crosscontrast.radiomics.ibsi.region import Bins, Region

#: Cubes at a time: co-occurrence matrices of 32 levels then take 8 MB.
_CHUNK = 1000


def values_around(region: Region, family: str, name: str, bins: Bins, radius: int) -> np.ndarray | None:
    """Return a feature's value in the cube of ``radius`` voxels around every voxel of the region, in the array's order.

    ``family`` may be ``statistics``, ``intensity-histogram`` or a texture, as in ``glcm-averaged``; only voxels of the
    region count. NaN where a cube has no value; ``None`` where the family has no such feature.
    """
    levels = bins.levels(region)
    cubes, masks = (_cubes(part, radius)[region.inside] for part in (levels, region.inside))
    if family == "statistics":
        return _each(statistics, _cubes(region.values, radius)[region.inside], masks, name)
    if family == "intensity-histogram":
        return _each(histogram, cubes, masks, name)
    base = family.partition("-averaged")[0].partition("-merged")[0]
    parts = []
    for start in range(0, len(cubes), _CHUNK):
        part = cubes[start : start + _CHUNK]
        found = texture_features(part, part > 0, (base,), flat=False, greatest=int(levels.max()))[family]
        if name not in found:
            return None
        parts.append(found[name])
    return np.concatenate(parts)


def _cubes(values: np.ndarray, radius: int) -> np.ndarray:
    return sliding_window_view(np.pad(values, radius), (2 * radius + 1,) * 3)


def _each(
    compute: Callable[[np.ndarray], dict[str, float]], cubes: np.ndarray, masks: np.ndarray, name: str
) -> np.ndarray | None:
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [compute(cube[mask]) for cube, mask in zip(cubes, masks, strict=True)]
    return np.array([values[name] for values in found]) if name in found[0] else None
