import time

import numpy as np
import pytest
import SimpleITK as sitk
from support import oblique_direction

from crosscontrast.cord.csa.live import LiveCsa
from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.ground.images import image_like

ORIENTATIONS = ("LPS", "RAS", "RSA", "ASL", "PIR", "IAL")


def cord(direction=(1, 0, 0, 0, 1, 0, 0, 0, 1), size=(40, 44, 30), spacing=(0.8, 0.7, 2.0)):
    """A leaning soft tube along the third axis."""
    k, j, i = np.indices(size[::-1])
    distance = np.hypot((i - 15 - 0.3 * k) * spacing[0], (j - 20) * spacing[1])
    image = sitk.GetImageFromArray(np.clip(1 - (distance - 4) / 1.5, 0, 1).astype(np.float32))
    image.SetSpacing(spacing)
    image.SetDirection(direction)
    return image


def assert_same(live, soft):
    expected = measure_csa(soft)
    for measure in ("area_true", "distance", "tilt", "length_true"):
        np.testing.assert_array_equal(live.table().values(measure), expected.values(measure))
    assert [row.original_slice for row in live.table().rows] == [row.original_slice for row in expected.rows]


@pytest.mark.parametrize("left_handed", [True, False])
@pytest.mark.parametrize("letters", ORIENTATIONS)
def test_after_any_edits_it_says_what_a_new_measurement_says(letters, left_handed):
    soft = sitk.DICOMOrient(cord(oblique_direction(left_handed), size=(30, 34, 12)), letters)
    live, rng = LiveCsa(soft), np.random.default_rng(1)
    values = sitk.GetArrayFromImage(soft)
    for _ in range(5):
        low = [int(rng.integers(0, n - 6)) for n in values.shape]
        box = tuple(slice(a, a + int(rng.integers(1, 6))) for a in low)
        values[box] = rng.uniform(0, 1, values[box].shape)
        live.change(box, values[box])
        assert_same(live, image_like(values, soft))


@pytest.mark.parametrize("letters", ORIENTATIONS)
def test_centres_lie_on_the_cord_at_the_heights_of_the_curve(letters):
    soft = sitk.DICOMOrient(cord(), letters)
    curve, centres = LiveCsa(soft).curve_and_centres()
    np.testing.assert_allclose(centres[:, 2], curve.heights[np.isfinite(curve.heights)])
    k = centres[:, 2] / 2.0  # slices of 2 mm that begin at 0, in which the tube leans by 0.3 voxels each
    np.testing.assert_allclose(
        centres[:, :2], np.stack([(15 + 0.3 * k) * 0.8, np.full(len(k), 20 * 0.7)], 1), atol=0.15
    )


def test_erasing_everything_leaves_no_area_and_painting_brings_one_back():
    soft = cord()
    live, values = LiveCsa(soft), sitk.GetArrayFromImage(soft)
    everywhere = tuple(slice(0, n) for n in values.shape)
    live.change(everywhere, np.zeros_like(values))
    assert np.isnan(live.table().values("area_true")).all()
    live.change(everywhere, values)
    assert_same(live, soft)


def test_a_stroke_is_measured_quickly_enough_to_follow():
    soft = cord(size=(192, 192, 192), spacing=(0.5, 0.5, 1.0))
    live, values = LiveCsa(soft), sitk.GetArrayFromImage(soft)
    box = (slice(90, 101), slice(30, 45), slice(40, 60))
    start = time.perf_counter()
    live.change(box, values[box] * 0.5)
    live.table()
    assert time.perf_counter() - start < 0.25  # 5 ms on an idle core; the limit leaves room for a busy one
