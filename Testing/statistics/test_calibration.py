import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscontrast.statistics.calibration import calibration_curve, expected_calibration_error


def test_the_error_agrees_with_a_sum_by_hand():
    predicted, target = [0.05, 0.15, 0.15, 0.95], [0.0, 0.0, 1.0, 0.9]
    # Bins .0-.1, .1-.2 and .9-1 hold 1, 2 and 1 voxels and miss by .05, .35 and .05.
    assert expected_calibration_error(predicted, target) == pytest.approx((0.05 + 2 * 0.35 + 0.05) / 4)
    curve = calibration_curve(predicted, target)
    assert curve.count.tolist() == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert curve.observed[1] == pytest.approx(0.5)
    assert np.isnan(curve.predicted[5])


def test_probabilities_that_come_true_are_calibrated_and_overconfident_ones_are_not():
    generator = np.random.default_rng(0)
    probability = generator.uniform(0, 1, 200_000)
    happened = generator.uniform(0, 1, 200_000) < probability
    assert expected_calibration_error(probability, happened) < 0.01
    assert expected_calibration_error(probability > 0.5, happened) == pytest.approx(0.25, abs=0.01)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.integers(1, 20))
def test_a_soft_mask_equal_to_its_soft_target_has_no_error(values, bins):
    assert expected_calibration_error(values, values, bins) == pytest.approx(0, abs=1e-12)


def test_missing_voxels_are_left_out_and_nothing_has_no_error_at_all():
    assert expected_calibration_error([0.5, np.nan], [0.25, 1]) == pytest.approx(0.25)
    assert np.isnan(expected_calibration_error([], []))


@pytest.mark.parametrize(("predicted", "target"), [([1.2], [1]), ([0.5], [-0.1]), ([0.5, 0.5], [1])])
def test_values_that_are_no_fractions_are_refused(predicted, target):
    with pytest.raises(ValueError, match=r"between 0 and 1|2 predictions"):
        expected_calibration_error(predicted, target)
