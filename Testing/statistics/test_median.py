import numpy as np
import pytest
from scipy import stats

from crosscontrast.statistics.median import median_interval


def test_the_ranks_agree_with_published_tables():
    # Tables of the sign test: for 10 values the 2nd and 9th (97.9 %), for 20 the 6th and 15th (95.9 %).
    for count, low, high in ((6, 1, 6), (10, 2, 9), (20, 6, 15), (25, 8, 18)):
        found = median_interval(np.arange(1, count + 1))
        assert (found.low, found.high, found.estimate) == (low, high, (count + 1) / 2)


def test_scipy_s_quantile_test_has_the_same_interval():
    values = np.random.default_rng(0).gamma(2, 1, 37)
    peer = stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    found = median_interval(values)
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high))


def test_too_few_values_have_a_median_and_no_interval():
    assert np.isnan(median_interval([1, 2, 3, 4, 5]).low)
    assert median_interval([1, np.nan, 3]).estimate == 2
    assert median_interval([]).subjects == 0
