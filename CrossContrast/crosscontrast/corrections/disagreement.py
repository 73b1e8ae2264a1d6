"""The area of one structure in several images of the same visit, over the stretch of the body that they share."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

#: A shorter stretch (mm) than this holds too few slices to compare.
_SHORTEST = 10.0


@dataclass(frozen=True)
class Stretch:
    """Mean areas (mm²) per mask between the same two heights, ``length`` mm apart; no areas where they share none."""

    areas: dict[str, float]
    length: float


def areas_in_common(masks: Mapping[str, sitk.Image]) -> Stretch:
    """Measure soft masks (any grids, in the coordinates of the same scanner visit) over the heights that all reach.

    The area is the volume between the heights by their distance: it is that of a cut across the body, which is larger
    than one at right angles to a tilted cord, but alike in all contrasts. Masks that reach .5 nowhere are left out.
    """
    profiles = {name: _Profile.of(mask) for name, mask in masks.items()}
    found = {name: profile for name, profile in profiles.items() if profile is not None}
    if not found:
        return Stretch({}, 0)
    low, high = max(p.low for p in found.values()), min(p.high for p in found.values())
    if high - low < _SHORTEST:
        return Stretch({}, max(0.0, high - low))
    areas = {name: profile.volume(low, high) / (high - low) for name, profile in found.items()}
    return Stretch(areas, high - low)


@dataclass(frozen=True)
class _Profile:
    """Voxels of a mask by their height in the patient (mm): volumes, and half of a voxel's extent in height."""

    heights: np.ndarray
    volumes: np.ndarray
    half: float
    low: float
    high: float

    @classmethod
    def of(cls, mask: sitk.Image) -> "_Profile | None":
        soft = sitk.GetArrayViewFromImage(mask)
        if not (soft >= 0.5).any():
            return None
        # Height is the last coordinate of LPS: its change per step along i, j, k.
        steps = np.array(mask.GetDirection()).reshape(3, 3)[2] * mask.GetSpacing()
        places = np.nonzero(soft > 0)
        heights = mask.GetOrigin()[2] + np.column_stack(places)[:, ::-1] @ steps
        values = soft[places].astype(np.float64)
        inside = heights[values >= 0.5]
        return cls(
            heights, values * np.prod(mask.GetSpacing()), float(np.abs(steps).sum() / 2), inside.min(), inside.max()
        )

    def volume(self, low: float, high: float) -> float:
        """Volume between two heights, of voxels cut by them the part that is inside."""
        inside = np.minimum(self.heights + self.half, high) - np.maximum(self.heights - self.half, low)
        return float((self.volumes * np.clip(inside / (2 * self.half), 0, 1)).sum())
