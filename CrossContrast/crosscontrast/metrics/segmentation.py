"""How well a soft segmentation agrees with a reference mask, soft or binary."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.errors import BadInputError
from crosscontrast.ground.placement import put_onto
from crosscontrast.statistics.calibration import expected_calibration_error

SegmentationMetric = Literal[
    "dice", "soft_dice", "volume_error", "hausdorff95_mm", "surface_distance_mm", "calibration_error"
]
SEGMENTATION_METRICS: tuple[SegmentationMetric, ...] = get_args(SegmentationMetric)

#: Rounding and interpolation may carry soft values this far out of [0, 1].
_OVERSHOOT = 1e-3
#: Calibration is measured in the reference's bounding box widened by this, in mm: in the whole image, the air around
#: the patient would decide.
_CALIBRATION_MARGIN = 10.0


@dataclass(frozen=True)
class SegmentationScores:
    """The agreement of a segmentation with its reference; NaN where a metric is undefined, and ``reason`` says why.

    ``dice``, ``volume_error`` (predicted minus reference volume, relative to the reference), ``hausdorff95_mm`` (95th
    percentile of the symmetric Hausdorff distance) and ``surface_distance_mm`` (average symmetric surface distance)
    compare the masks at the threshold. ``soft_dice`` and ``calibration_error`` compare the soft values.
    """

    dice: float = np.nan
    soft_dice: float = np.nan
    volume_error: float = np.nan
    hausdorff95_mm: float = np.nan
    surface_distance_mm: float = np.nan
    calibration_error: float = np.nan
    reason: str = ""


def score_segmentation(predicted: sitk.Image, reference: sitk.Image, *, threshold: float = 0.5) -> SegmentationScores:
    """Compare two 3-D masks with values in [0, 1], binary or soft, on the same grid.

    Raises :class:`BadInputError` where the grids differ or values lie outside [0, 1].
    """
    placed = put_onto(reference, predicted, "The reference mask")
    if placed is None:
        raise BadInputError("The segmentation and its reference mask lie on different grids.", "resample one of them")
    soft, true = _values(predicted, "segmentation"), _values(placed, "reference mask")
    found, expected = soft >= threshold, true >= threshold
    if not expected.any():
        reason = "both masks are empty" if not found.any() else "the reference mask is empty"
        return SegmentationScores(dice=0.0 if found.any() else np.nan, reason=reason)
    spacing = predicted.GetSpacing()[::-1]
    box = _box(expected, spacing, _CALIBRATION_MARGIN)
    common = {
        "dice": dice(found, expected),
        "soft_dice": soft_dice(soft, true),
        "volume_error": float(np.count_nonzero(found) / np.count_nonzero(expected) - 1),
        "calibration_error": expected_calibration_error(soft[box], true[box]),
    }
    if not found.any():
        return SegmentationScores(**common, reason="the segmentation is empty")
    # Cut to the masks, with a voxel around them that keeps surfaces apart from the image's own border.
    both = _box(found | expected, spacing, margin=max(spacing))
    hausdorff, surface = surface_distances(found[both], expected[both], spacing)
    reason = "" if np.isfinite(hausdorff) else "a mask fills the image and has no surface"
    return SegmentationScores(**common, hausdorff95_mm=hausdorff, surface_distance_mm=surface, reason=reason)


def dice(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the Dice coefficient of two boolean masks; NaN where both are empty."""
    total = np.count_nonzero(found) + np.count_nonzero(expected)
    return 2 * np.count_nonzero(found & expected) / total if total else float("nan")


def soft_dice(soft: np.ndarray, true: np.ndarray) -> float:
    """Return Dice of soft values with squared terms (Milletari et al., 3DV 2016), 1 where they are equal.

    NaN where both are zero everywhere.
    """
    soft, true = soft.astype(np.float64), true.astype(np.float64)
    total = float((soft**2).sum() + (true**2).sum())
    return float(2 * (soft * true).sum() / total) if total else float("nan")


def surface_distances(found: np.ndarray, expected: np.ndarray, spacing: tuple[float, ...]) -> tuple[float, float]:
    """Return the 95 % Hausdorff and the average symmetric surface distance of two boolean masks.

    ``spacing`` is the voxel's size along the arrays' axes, in mm like the result. A surface is the voxels of a mask
    with a neighbour outside it, as in MONAI's metrics, with one difference: where a mask leaves the image it has no
    surface, because a cord does not end there. NaN where a mask has no surface.
    """
    surfaces = [mask & ~ndimage.binary_erosion(mask, border_value=1) for mask in (found, expected)]
    if not all(surface.any() for surface in surfaces):
        return float("nan"), float("nan")
    maps = [ndimage.distance_transform_edt(~surface, sampling=spacing) for surface in surfaces]
    there, back = maps[1][surfaces[0]], maps[0][surfaces[1]]
    hausdorff = max(np.percentile(there, 95), np.percentile(back, 95))
    return float(hausdorff), float(np.concatenate([there, back]).mean())


def _values(image: sitk.Image, name: str) -> np.ndarray:
    values = sitk.GetArrayFromImage(image)
    low, high = float(values.min()), float(values.max())
    if not (low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT):
        raise BadInputError(f"The {name} has values from {low:g} to {high:g}; a mask has values from 0 to 1.")
    return np.clip(values.astype(np.float32, copy=False), 0, 1)


def _box(mask: np.ndarray, spacing: tuple[float, ...], margin: float) -> tuple[slice, ...]:
    """Return the bounding box of a mask that is not empty, widened by ``margin`` mm within the image."""
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    steps = [int(np.ceil(margin / step)) for step in spacing]
    return tuple(slice(max(0, side.start - step), side.stop + step) for side, step in zip(box, steps, strict=True))
