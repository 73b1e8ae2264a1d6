"""Against scikit-learn, the definition, and published results on Van Dyke's data."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from crosscontrast.statistics.multireader import obuchowski_rockette
from crosscontrast.statistics.roc import area_estimate, compare_areas, delong, jackknife, roc_points

# Ratings of 114 patients (45 with aortic dissection) by five radiologists on spin-echo and cine MRI: Van Dyke et al.,
# 79th RSNA Meeting, 1993; the data set on which methods for several readers are compared since.
_TABLE = np.loadtxt(Path(__file__).with_name("van_dyke.tsv"), skiprows=1)
TRUTH = _TABLE[:, 1] > 0
SCORES = _TABLE[:, 2:].T.reshape(2, 5, 114)


def draw(generator, cases, shift=1.0, curves=2):
    truth = np.arange(cases) < cases // 3
    base = generator.normal(0, 1, cases) + shift * truth
    return np.round(base + generator.normal(0, 1, (curves, cases)), 1), truth


def test_the_area_is_scikit_learn_s_and_so_is_the_curve():
    scores, truth = draw(np.random.default_rng(0), 60)
    areas, _ = delong(scores, truth)
    assert areas == pytest.approx([roc_auc_score(truth, row) for row in scores])
    fpr, tpr = roc_points(scores[0], truth)
    peer_fpr, peer_tpr, _ = roc_curve(truth, scores[0], drop_intermediate=False)
    assert fpr == pytest.approx(peer_fpr)
    assert tpr == pytest.approx(peer_tpr)


def test_the_covariance_is_that_of_delong_s_definition():
    scores, truth = draw(np.random.default_rng(1), 30)
    kernel = [[np.heaviside(row[truth][:, None] - row[~truth][None, :], 0.5)] for row in scores]
    v10, v01 = (np.array([k[0].mean(axis=axis) for k in kernel]) for axis in (1, 0))
    expected = np.cov(v10) / truth.sum() + np.cov(v01) / (~truth).sum()
    assert delong(scores, truth)[1] == pytest.approx(expected)


def test_the_jackknife_leaves_out_one_case_at_a_time():
    scores, truth = draw(np.random.default_rng(2), 24)
    kept = [np.arange(24) != case for case in range(24)]
    areas = np.array([[roc_auc_score(truth[k], row[k]) for k in kept] for row in scores])
    assert jackknife(scores, truth)[1] == pytest.approx(np.cov(areas) * 23**2 / 24)


def test_the_interval_holds_the_true_area_about_as_often_as_it_says():
    generator, truth_area = np.random.default_rng(3), stats.norm.cdf(1 / 2)
    hits = 0
    for _ in range(200):
        scores, truth = draw(generator, 90, curves=1)
        estimate = area_estimate(scores[0], truth)
        hits += estimate.low <= truth_area <= estimate.high
    assert 0.91 <= hits / 200 <= 0.99


def test_delong_s_test_of_two_equal_areas_rejects_about_as_often_as_it_should():
    generator = np.random.default_rng(4)
    p = [compare_areas(*draw(generator, 60)[0], np.arange(60) < 20).p for _ in range(400)]
    assert 0.025 <= np.mean(np.array(p) < 0.05) <= 0.085


def test_perfect_separation_has_an_area_and_no_interval():
    estimate = area_estimate([1, 2, 3, 4], [False, False, True, True])
    assert (estimate.area, estimate.error) == (1.0, 0.0)
    assert np.isnan([estimate.low, estimate.high]).all()
    assert np.isnan(compare_areas([1, 2, 3, 4], [1, 2, 3, 4], [False, False, True, True]).p)


@pytest.mark.parametrize(
    ("scores", "truth", "reason"),
    [
        ([1, 2], [True, True], "positive and negative"),
        ([1, np.nan], [True, False], "one score"),
        ([1], [1, 0], "one s"),
    ],
)
def test_what_has_no_curve_is_refused(scores, truth, reason):
    with pytest.raises(ValueError, match=reason):
        area_estimate(scores, truth)


def test_obuchowski_rockette_agrees_with_the_published_analysis_of_van_dyke_s_data():
    # Smith and Hillis' user guide of the R package MRMCaov, section on DeLong covariances.
    result = obuchowski_rockette(SCORES, TRUTH, "delong")
    assert result.variance == pytest.approx(0.0007921325, rel=1e-6)
    assert result.covariances == pytest.approx((0.0003420090, 0.0003395265, 0.0002358497), rel=1e-6)
    assert (result.f, result.df1, result.df2) == (pytest.approx(4.484854), 1, pytest.approx(15.06611))
    assert result.p == pytest.approx(0.05123303, rel=1e-6)
    (told,) = result.differences
    assert (told.difference, told.error) == pytest.approx((-0.04380032, 0.0206825), rel=1e-5)
    assert (told.low, told.high) == pytest.approx((-0.0878671960, 0.0002665519), rel=1e-5)
    spin_echo, cine = result.arms
    assert (spin_echo.area, spin_echo.error, spin_echo.df) == pytest.approx((0.8970370, 0.03307642, 12.59597))
    assert (spin_echo.low, spin_echo.high) == pytest.approx((0.8253461, 0.9687280))
    assert (cine.area, cine.error, cine.df) == pytest.approx((0.9408374, 0.02150464, 12.56530))
    assert (cine.low, cine.high) == pytest.approx((0.8942155, 0.9874592))


def test_with_the_jackknife_it_agrees_with_the_published_analysis_too():
    # Chakraborty's R package RJafroc, data set 02, random readers and random cases.
    result = obuchowski_rockette(SCORES, TRUTH, "jackknife")
    assert result.f == pytest.approx(4.4563, abs=1e-4)
    assert result.df2 == pytest.approx(15.26, abs=5e-3)
    assert result.p == pytest.approx(0.0517, abs=5e-5)


def roe_metz(generator, arms=2, readers=5, cases=80, gap=0.0):
    """Roe and Metz' model of readers (Acad Radiol 4:298-303, 1997): effects of case and reader and what they share."""
    truth = np.arange(cases) < cases // 2
    scores = 1.2 * truth + generator.normal(0, np.sqrt(0.3), cases)
    scores = scores + generator.normal(0, 0.1, (readers, 2))[:, truth.astype(int)]
    scores = scores + generator.normal(0, np.sqrt(0.3), (arms, 1, cases))
    scores = scores + generator.normal(0, 0.1, (arms, readers, 2))[:, :, truth.astype(int)]
    scores = scores + generator.normal(0, np.sqrt(0.4), (arms, readers, cases))
    scores[1] += gap * truth
    return scores, truth


def test_equal_arms_are_found_different_in_five_of_a_hundred_studies():
    generator = np.random.default_rng(6)
    p = np.array([obuchowski_rockette(*roe_metz(generator)).p for _ in range(500)])
    size = np.mean(p < 0.05)
    # 500 studies with a true size of .05 give .031 to .069 in 95 of 100 series; the method is known to lie a bit below.
    assert 0.02 <= size <= 0.07, size


def test_a_true_difference_is_found_and_three_arms_give_three_comparisons():
    scores, truth = roe_metz(np.random.default_rng(7), arms=3, gap=1.0)
    result = obuchowski_rockette(scores, truth)
    assert result.p < 0.01
    assert [(d.first, d.second) for d in result.differences] == [(0, 1), (0, 2), (1, 2)]
    assert result.df1 == 2


def test_one_arm_has_an_area_and_no_comparison_and_one_reader_has_none():
    result = obuchowski_rockette(SCORES[:1], TRUTH)
    assert result.arms[0].area == pytest.approx(0.8970370)
    assert np.isnan(result.p)
    with pytest.raises(ValueError, match="several readers"):
        obuchowski_rockette(SCORES[:, :1], TRUTH)


def test_arms_that_are_all_perfect_have_an_area_and_no_interval():
    """Nothing varies, so nothing is known of how it would: [1, 1] would say that the next study is perfect too."""
    truth = np.arange(12) < 6
    scores = np.broadcast_to(np.where(truth, 2.0, 1.0), (2, 3, 12)) + np.arange(3)[None, :, None]
    result = obuchowski_rockette(scores, truth)
    for arm in result.arms:
        assert (arm.area, arm.error) == (1, 0)
        assert np.isnan([arm.low, arm.high]).all()
    (difference,) = result.differences
    assert difference.difference == 0
    assert np.isnan([difference.low, difference.high, difference.p]).all()


def test_an_arm_s_interval_does_not_go_beyond_one():
    generator = np.random.default_rng(2)
    truth = np.arange(20) < 10
    scores = generator.normal(0, 1, (2, 3, 20)) + 3.0 * truth
    assert all(arm.high <= 1 for arm in obuchowski_rockette(scores, truth).arms)
