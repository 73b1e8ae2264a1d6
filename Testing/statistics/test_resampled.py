"""Means over held-out parts: the formula, and how often the interval misses the truth on data without any signal."""

import numpy as np
import pytest
from null_cohorts import Design, missed

from crosscontrast.statistics.resampled import held_out_mean


def test_the_variance_is_that_of_nadeau_and_bengio():
    values = np.random.default_rng(1).normal(0.6, 0.1, (3, 5))
    found = held_out_mean(values, null=0.5)
    assert found.estimate == pytest.approx(values.mean())
    assert found.error == pytest.approx(np.sqrt((1 / 15 + 0.25) * values.var(ddof=1)))
    assert found.high - found.estimate == pytest.approx(2.776445 * found.error)
    assert (found.p < 0.05) == (not found.low <= 0.5 <= found.high)


def test_parts_without_a_value_are_left_out_and_equal_ones_have_no_interval():
    assert held_out_mean([[0.5, np.nan, 0.7]]).estimate == pytest.approx(0.6)
    perfect = held_out_mean(np.ones((2, 4)))
    assert perfect.estimate == 1
    assert np.isnan([perfect.low, perfect.high, perfect.p]).all()
    assert np.isnan(held_out_mean([[np.nan]]).estimate)


@pytest.mark.parametrize("images", [1, 3])
def test_noise_is_not_called_a_signal_more_often_than_it_may(images):
    """80 cohorts with a true size of .05 stay below .13 in 997 of 1000 series; a bootstrap of the scores had .18."""
    area, pair = missed(Design(subjects=40, images=images), cohorts=80)
    assert area <= 0.125
    assert pair <= 0.125


@pytest.mark.slow
@pytest.mark.parametrize("images", [1, 3])
def test_noise_is_called_a_signal_in_six_of_a_hundred_cohorts_at_most(images):
    """600 cohorts with a true size of .06 stay below .076 in 19 of 20 series."""
    area, pair = missed(Design(subjects=40, images=images), cohorts=600)
    assert area <= 0.076
    assert pair <= 0.076


@pytest.mark.slow
@pytest.mark.parametrize("images", [1, 3])
def test_a_signal_is_found(images):
    area, pair = missed(Design(subjects=40, images=images, effects=(1.2, 0.0)), cohorts=40)
    assert area >= 0.8
    assert pair >= 0.5
