"""Agreement of many quantities at once against published examples, SciPy and plain formulas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crosscontrast.statistics.agreement import icc_agreement, icc_agreement_of_means, icc_consistency
from crosscontrast.statistics.agreement_intervals import (
    agreement_intervals,
    correlation_p,
    one_sided_p,
)
from crosscontrast.statistics.multiplicity import benjamini_hochberg
from crosscontrast.statistics.paired_agreement import PairedSample

#: Six targets by four judges: table 2 of Shrout and Fleiss, Psychol Bull 86:420-428, 1979.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def sample_of(x, y, groups=None) -> PairedSample:
    x, y = (np.asarray(v, float).reshape(len(v), -1) for v in (x, y))
    return PairedSample(x, y, np.arange(len(x)) if groups is None else np.asarray(groups))


def test_icc_of_shrout_and_fleiss_is_the_published_one():
    assert icc_agreement(SHROUT_FLEISS) == pytest.approx(0.29, abs=0.005)
    assert icc_agreement(SHROUT_FLEISS) == pytest.approx(0.2897637795, abs=1e-9)


def test_icc_of_nothing_to_compare_is_undefined():
    assert np.isnan(icc_agreement([[1, 2]]))
    assert np.isnan(icc_agreement([[1], [2]]))
    assert np.isnan(icc_agreement(np.ones((4, 3))))


@given(st.integers(3, 12), st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.1, 3))
@settings(max_examples=60, deadline=None)
def test_many_quantities_at_once_agree_with_the_plain_formulas(n, seed, shift, noise):
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 1, (n, 3)).round(1)
    y = (x + shift + noise * rng.standard_normal((n, 3))).round(2)
    found = sample_of(x, y).agreement()
    for k in range(3):
        a, b = x[:, k], y[:, k]
        both = np.column_stack([a, b])
        assert found.icc[0, k] == pytest.approx(icc_agreement(both), abs=1e-9)
        assert found.icc_consistency[0, k] == pytest.approx(icc_consistency(both), abs=1e-9)
        assert found.icc_of_means[0, k] == pytest.approx(icc_agreement_of_means(both), rel=1e-6, nan_ok=True)
        # Lin 1989 with variances over n.
        ccc = 2 * np.cov(a, b, bias=True)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2)
        assert found.ccc[0, k] == pytest.approx(ccc, abs=1e-9)
        if np.ptp(a) and np.ptp(b):
            assert found.pearson[0, k] == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-9)
            assert found.spearman[0, k] == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-9)
        d = b - a
        limits = d.mean() - 1.96 * d.std(ddof=1), d.mean() + 1.96 * d.std(ddof=1)
        assert (found.low_limit[0, k], found.high_limit[0, k]) == (pytest.approx(limits[0]), pytest.approx(limits[1]))
        assert found.bias[0, k] == pytest.approx(d.mean(), abs=1e-9)


def test_weights_are_what_repeating_rows_would_be():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 9, 2)).round(1)
    groups = np.array([0, 0, 1, 2, 2, 3, 4, 4, 4])
    weights = np.array([[2.0, 0, 1, 3, 1]])
    found = sample_of(x, y, groups).agreement(weights)
    rows = np.concatenate([np.tile(np.flatnonzero(groups == g), int(w)) for g, w in enumerate(weights[0])])
    expected = sample_of(x[rows], y[rows]).agreement()
    for name in ("spearman", "pearson", "icc", "ccc", "bias", "high_limit", "relative_difference"):
        assert getattr(found, name)[0] == pytest.approx(getattr(expected, name)[0], abs=1e-9), name


def test_large_values_with_a_small_spread_keep_their_digits():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 1))
    y = x + 0.3 * rng.normal(size=(30, 1))
    small, large = (sample_of(1e9 + x * s, 1e9 + y * s).agreement() for s in (1000, 10))
    plain = sample_of(x, y).agreement()
    for name in ("pearson", "icc", "ccc"):
        assert getattr(small, name)[0] == pytest.approx(getattr(plain, name)[0], abs=1e-5)
        assert getattr(large, name)[0] == pytest.approx(getattr(plain, name)[0], abs=1e-5)


def test_missing_values_and_constants_do_not_spoil_the_other_quantities():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20, 4))
    y = x + 0.1 * rng.normal(size=(20, 4))
    clean = sample_of(x, y).agreement()
    x[3:, 0] = np.nan
    x[:, 1] = 7.1
    y[:, 2] = -0.3
    sample = sample_of(x, y)
    found = sample.agreement()
    assert list(sample.pairs) == [3, 20, 20, 20]
    assert [list(part) for part in sample.constant()] == [[False, True, False, False], [False, False, True, False]]
    assert found.icc[0, 0] == pytest.approx(icc_agreement(np.column_stack([x[:3, 0], y[:3, 0]])))
    assert np.isnan(found.pearson[0, 1:3]).all()
    assert np.isnan(found.spearman[0, 1:3]).all()
    assert found.icc[0, 3] == pytest.approx(clean.icc[0, 3])
    with_intervals = agreement_intervals(sample, resamples=200)
    assert np.isnan(with_intervals["icc"].low[0])  # three subjects
    assert with_intervals["icc"].low[3] > 0.9


def test_the_relative_difference_leaves_out_pairs_near_zero():
    x = np.array([10.0, 20, 30, 0])
    found = sample_of(x, x * 1.1).agreement().relative_difference[0, 0]
    assert found == pytest.approx(200 * 0.1 / 2.1)
    assert np.isnan(sample_of(np.zeros(4), np.zeros(4)).agreement().relative_difference[0, 0])


def test_intervals_repeat_with_their_seed_and_need_subjects_not_images():
    rng = np.random.default_rng(4)
    t = np.repeat(rng.normal(size=(15, 1)), 4, axis=0)
    x, y = (t + 0.2 * rng.normal(size=t.shape) for _ in range(2))
    groups = np.repeat(np.arange(15), 4)
    by_subject, by_image = sample_of(x, y, groups), sample_of(x, y)
    one, again = (agreement_intervals(by_subject, resamples=400, seed=s)["icc"] for s in (1, 1))
    assert (one.low == again.low).all()
    images = agreement_intervals(by_image, resamples=400, seed=1)["icc"]
    assert one.estimate == pytest.approx(images.estimate)
    assert (one.high - one.low)[0] > 1.2 * (images.high - images.low)[0]
    few = agreement_intervals(sample_of(x[:20], y[:20], groups[:20]), resamples=200)["icc"]
    assert np.isfinite(few.estimate[0])
    assert np.isnan(few.low[0])


def test_p_values_are_those_of_scipy_and_fall_with_the_limit():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(25, 2))
    y = x + rng.normal(size=(25, 2)) * [0.5, 5]
    found = agreement_intervals(sample_of(x, y), resamples=500)
    expected = [stats.spearmanr(x[:, k], y[:, k]).pvalue for k in range(2)]
    subjects = np.array([25, 25])
    assert correlation_p(found["spearman"].estimate, subjects) == pytest.approx(expected, rel=1e-9)
    loose, strict = (one_sided_p(found["icc"], limit, subjects) for limit in (0.3, 0.85))
    assert (loose < strict).all()
    assert loose[0] < 0.01 < 0.3 < loose[1]


def test_benjamini_hochberg_reproduces_the_example_of_1995():
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    p += [0.7590, 1.0]
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4
    with_gap = benjamini_hochberg([*p, np.nan])
    assert np.isnan(with_gap[-1])
    assert with_gap[:-1] == pytest.approx(benjamini_hochberg(p))


@pytest.mark.slow
@pytest.mark.parametrize(("subjects", "reliability"), [(20, 0.8), (30, 0.8), (60, 0.9)])
def test_intervals_cover_the_truth_in_93_to_97_of_100_samples(subjects, reliability):
    rng = np.random.default_rng(6)
    shape = (subjects, 3000)
    truth = rng.standard_normal(shape)
    x, y = (np.sqrt(reliability) * truth + np.sqrt(1 - reliability) * rng.standard_normal(shape) for _ in range(2))
    found = agreement_intervals(PairedSample(x, y, np.arange(subjects)), resamples=1000, seed=1)
    expected = dict.fromkeys(("pearson", "icc", "ccc"), reliability)
    expected["spearman"] = 6 / np.pi * np.arcsin(reliability / 2)
    for name, value in expected.items():
        covered = ((found[name].low <= value) & (value <= found[name].high)).mean()
        print(f"{subjects} subjects, {name} {value:.2f}: covered {covered:.1%}")
        # 3000 samples tell a coverage to 0.9 points.
        assert 0.93 <= covered <= 0.97
