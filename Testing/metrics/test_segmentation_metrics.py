"""The metrics against shapes whose answers are known."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from support import oblique_direction

from crosscontrast.errors import BadInputError
from crosscontrast.metrics.segmentation import SEGMENTATION_METRICS, score_segmentation, surface_distances

SPACING = (0.8, 1.0, 3.0)
SIZE = (60, 50, 24)


def mask(values, spacing=SPACING):
    image = sitk.GetImageFromArray(np.asarray(values, dtype=np.float32))
    image.SetSpacing(spacing)
    image.SetDirection(oblique_direction(left_handed=True))
    image.SetOrigin((10, -20, 30))
    return image


def box(i, j, k):
    values = np.zeros(SIZE[::-1])
    values[slice(*k), slice(*j), slice(*i)] = 1
    return values


def ball(radius, spacing):
    size = np.round(60 / np.array(spacing)).astype(int)
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(size, spacing, strict=True)]
    z, y, x = np.meshgrid(*axes[::-1], indexing="ij")
    return mask(x**2 + y**2 + z**2 < radius**2, spacing)


BOX = box((10, 30), (10, 30), (6, 16))


def test_a_mask_agrees_with_itself_wherever_it_lies(awkward_image):
    soft = sitk.Cast(sitk.RescaleIntensity(awkward_image, 0, 1), sitk.sitkFloat32)
    scores = score_segmentation(soft, soft)
    assert (scores.dice, scores.volume_error, scores.hausdorff95_mm, scores.surface_distance_mm) == (1, 0, 0, 0)
    assert scores.soft_dice == pytest.approx(1)
    assert scores.calibration_error == pytest.approx(0, abs=1e-7)
    assert not scores.reason


@pytest.mark.parametrize(("axis", "step_mm"), [(0, 0.8), (1, 1.0), (2, 3.0)])
def test_a_shifted_box_is_as_far_as_it_was_shifted_in_mm(axis, step_mm):
    shift, length = 2, (20, 20, 10)[axis]
    sides = [(10, 30), (10, 30), (6, 16)]
    sides[axis] = (sides[axis][0] + shift, sides[axis][1] + shift)
    scores = score_segmentation(mask(box(*sides)), mask(BOX))
    assert scores.dice == pytest.approx((length - shift) / length)
    assert scores.volume_error == 0
    assert scores.hausdorff95_mm == pytest.approx(shift * step_mm)
    assert 0 < scores.surface_distance_mm < shift * step_mm


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 1.0, 2.5)])
def test_concentric_balls_lie_apart_by_the_difference_of_their_radii(spacing):
    large, small = 21.0, 17.0
    scores = score_segmentation(ball(large, spacing), ball(small, spacing))
    assert scores.surface_distance_mm == pytest.approx(large - small, abs=max(spacing) / 2)
    assert scores.hausdorff95_mm == pytest.approx(large - small, abs=max(spacing))
    assert scores.volume_error == pytest.approx((large / small) ** 3 - 1, rel=0.02)
    assert scores.dice == pytest.approx(2 / ((large / small) ** 3 + 1), rel=0.02)


def test_the_volume_error_has_the_sign_of_the_segmentation():
    half = box((10, 20), (10, 30), (6, 16))
    assert score_segmentation(mask(half), mask(BOX)).volume_error == pytest.approx(-0.5)
    assert score_segmentation(mask(BOX), mask(half)).volume_error == pytest.approx(1)


def test_soft_values_are_compared_as_they_are():
    scores = score_segmentation(mask(0.6 * BOX), mask(BOX))
    assert scores.dice == 1
    assert scores.soft_dice == pytest.approx(2 * 0.6 / (0.36 + 1))
    # 10 mm more on each side: 13 voxels along i, of which the image has 10 on one side, 10 along j and 4 along k.
    region = (20 + 10 + 13) * (20 + 10 + 10) * (10 + 4 + 4)
    assert scores.calibration_error == pytest.approx(0.4 * BOX.sum() / region)


def test_the_air_around_the_patient_does_not_dilute_the_calibration_error():
    wide = np.pad(BOX, 40)
    near, far = (score_segmentation(mask(0.6 * b), mask(b)).calibration_error for b in (np.pad(BOX, 20), wide))
    assert near == pytest.approx(far)


@pytest.mark.parametrize(
    ("found", "expected", "reason", "dice"),
    [
        (0 * BOX, 0 * BOX, "both masks are empty", np.nan),
        (BOX, 0 * BOX, "the reference mask is empty", 0),
        (0 * BOX, BOX, "the segmentation is empty", 0),
    ],
)
def test_empty_masks_are_answered_with_a_reason(found, expected, reason, dice):
    scores = score_segmentation(mask(found), mask(expected))
    assert scores.reason == reason
    assert scores.dice == pytest.approx(dice, nan_ok=True)
    assert np.isnan([scores.hausdorff95_mm, scores.surface_distance_mm]).all()
    assert scores.volume_error == pytest.approx(-1.0 if expected.any() else np.nan, nan_ok=True)


def test_where_a_cord_leaves_the_image_it_has_no_surface():
    whole, thin = box((10, 30), (10, 30), (0, 24)), box((12, 28), (12, 28), (0, 24))
    scores = score_segmentation(mask(thin, (1, 1, 1)), mask(whole, (1, 1, 1)))
    # Were the cut ends surfaces, the many voxels inside them would be at distance 0.
    assert scores.surface_distance_mm == pytest.approx(2, abs=0.05)
    full = np.ones_like(BOX)
    assert "no surface" in score_segmentation(mask(full), mask(full)).reason


@pytest.mark.slow
def test_distances_are_those_of_monai_where_no_mask_touches_the_border():
    import torch
    from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance

    generator = np.random.default_rng(8)
    blobs = [ndimage.gaussian_filter(generator.normal(size=SIZE[::-1]), 3) for _ in range(2)]
    masks = [np.pad((blob > 0.01)[2:-2, 2:-2, 2:-2], 2) for blob in blobs]
    pair = [torch.from_numpy(m[None, None].astype(np.float32)) for m in masks]
    options = {"include_background": True, "spacing": SPACING[::-1]}
    hausdorff, surface = surface_distances(*masks, SPACING[::-1])
    assert hausdorff == pytest.approx(float(compute_hausdorff_distance(*pair, percentile=95, **options)), rel=1e-5)
    assert surface == pytest.approx(float(compute_average_surface_distance(*pair, symmetric=True, **options)), rel=1e-5)


def test_every_metric_has_a_number_where_both_masks_have_voxels():
    scores = score_segmentation(mask(BOX), mask(box((12, 30), (10, 30), (6, 16))))
    assert all(np.isfinite(getattr(scores, name)) for name in SEGMENTATION_METRICS)


def test_other_grids_and_other_values_are_refused():
    with pytest.raises(BadInputError, match="different grids"):
        score_segmentation(mask(BOX), mask(BOX, (1, 1, 1)))
    with pytest.raises(BadInputError, match="reference mask has values from 0 to 3"):
        score_segmentation(mask(BOX), mask(3 * BOX))
    with pytest.raises(BadInputError, match="values from nan"):
        score_segmentation(mask(np.where(BOX, np.nan, 0)), mask(BOX))
