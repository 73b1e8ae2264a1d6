"""Against worked examples of the coefficients' authors, and against scikit-learn and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa as peer_fleiss

from crosscontrast.statistics.agreement import (
    agreement_interval,
    category_counts,
    cohen_kappa,
    fleiss_kappa,
    icc_agreement,
    icc_agreement_of_means,
    icc_consistency,
    krippendorff_alpha,
    mean_kappa,
)

NAN = np.nan
#: Four observers, twelve units and missing ratings: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T
#: Two observers, ten units, two values: the first example of the same paper.
KRIPPENDORFF_BINARY = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]).T
#: Fourteen raters put ten subjects into five categories; how often each was chosen (a standard example, kappa 0.210).
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
ratings = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=40)


def from_counts(counts):
    """Ratings (units x raters) that give these counts."""
    return np.array([np.repeat(np.arange(len(row)), row) for row in counts], dtype=float)


def from_table(table):
    """The two raters' values behind a contingency table."""
    cells = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return np.array(cells, dtype=float)


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_agrees_with_krippendorff_s_example_with_missing_ratings(level, published):
    assert krippendorff_alpha(KRIPPENDORFF, level) == pytest.approx(published, abs=5e-4)


def test_alpha_agrees_with_krippendorff_s_binary_example():
    assert krippendorff_alpha(KRIPPENDORFF_BINARY, "nominal") == pytest.approx(0.095, abs=5e-4)


def test_fleiss_kappa_agrees_with_the_standard_example_and_statsmodels():
    assert fleiss_kappa(from_counts(FLEISS)) == pytest.approx(0.210, abs=5e-4)
    assert fleiss_kappa(from_counts(FLEISS)) == pytest.approx(peer_fleiss(np.array(FLEISS)))


def test_weighted_kappa_agrees_with_cohen_s_example():
    # Cohen, Psychol Bull 70 (1968), tables 1 and 3: 200 patients in three classes of disorder.
    values = from_table([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    assert cohen_kappa(*values.T, [0, 1, 2]) == pytest.approx(0.492, abs=5e-4)


@given(pairs=ratings, weights=st.sampled_from(["none", "linear", "quadratic"]))
@settings(max_examples=60, deadline=None)
def test_kappa_agrees_with_scikit_learn(pairs, weights):
    first, second = np.array(pairs, dtype=float).T
    found = cohen_kappa(first, second, range(1, 6), weights)
    if len(set(first) | set(second)) == 1:
        assert np.isnan(found)
        return
    peer = cohen_kappa_score(first, second, labels=range(1, 6), weights=None if weights == "none" else weights)
    assert found == pytest.approx(peer, abs=1e-9, nan_ok=True)


@given(pairs=ratings)
@settings(max_examples=60, deadline=None)
def test_with_complete_ratings_alpha_is_fleiss_kappa_up_to_its_small_sample_correction(pairs):
    values = np.array(pairs, dtype=float)
    alpha, kappa = krippendorff_alpha(values, "nominal"), fleiss_kappa(values)
    # alpha = 1 - (1 - pi)(1 - 1/n): Krippendorff 2004 on Scott's pi, which is Fleiss' kappa of two raters.
    if np.isnan(kappa):
        assert np.isnan(alpha)
    else:
        assert alpha == pytest.approx(1 - (1 - kappa) * (1 - 1 / values.size))


@given(pairs=ratings, a=st.floats(0.1, 9), b=st.floats(-5, 5))
@settings(max_examples=40, deadline=None)
def test_interval_alpha_ignores_the_scale_and_ordinal_alpha_every_increasing_change(pairs, a, b):
    values = np.array(pairs, dtype=float)
    for level, changed in (("interval", a * values + b), ("ordinal", np.exp(values)), ("nominal", -values)):
        assert krippendorff_alpha(changed, level) == pytest.approx(krippendorff_alpha(values, level), nan_ok=True)


def test_icc_agrees_with_shrout_and_fleiss_example():
    # Shrout and Fleiss, Psychol Bull 86 (1979), table 2: six targets, four judges.
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert icc_agreement(ratings) == pytest.approx(0.29, abs=5e-3)
    assert icc_agreement([*ratings, [1, NAN, 9, 9]]) == icc_agreement(ratings)
    # Their table 4: ICC(3,1) and ICC(2,4).
    assert icc_consistency(ratings) == pytest.approx(0.71, abs=5e-3)
    assert icc_agreement_of_means(ratings) == pytest.approx(0.62, abs=5e-3)


def test_a_rater_who_always_says_more_is_consistent_and_does_not_agree():
    truth = np.random.default_rng(4).normal(0, 1, 40)
    shifted = np.column_stack([truth, truth + 3])
    assert icc_consistency(shifted) == pytest.approx(1)
    assert icc_agreement(shifted) < 0.3
    for coefficient in (icc_consistency, icc_agreement_of_means):
        assert np.isnan(coefficient([[1, 2]]))
        assert np.isnan(coefficient(np.ones((4, 3))))


def test_perfect_agreement_is_one_and_nothing_to_agree_on_is_no_number():
    same = np.repeat(np.arange(5.0)[:, None], 3, axis=1)
    assert [krippendorff_alpha(same, level) for level in ("nominal", "ordinal", "interval")] == [1, 1, 1]
    assert fleiss_kappa(same) == mean_kappa(same, range(5)) == 1
    for nothing in (np.full((4, 3), 2.0), np.full((4, 3), NAN), np.empty((0, 2))):
        assert np.isnan(krippendorff_alpha(nothing, "ordinal"))
        assert np.isnan(fleiss_kappa(nothing))
        assert np.isnan(mean_kappa(nothing, range(5)))


def test_mean_kappa_is_the_mean_over_pairs_of_raters():
    values = np.random.default_rng(0).integers(1, 4, (30, 3)).astype(float)
    pairs = [cohen_kappa(values[:, i], values[:, j], [1, 2, 3], "linear") for i, j in ((0, 1), (0, 2), (1, 2))]
    assert mean_kappa(values, [1, 2, 3], "linear") == pytest.approx(np.mean(pairs))


def test_a_rating_outside_the_categories_is_refused():
    with pytest.raises(ValueError, match="none of the categories"):
        cohen_kappa([1, 6], [1, 2], range(1, 6))


def test_the_interval_of_alpha_holds_the_truth_about_as_often_as_it_says():
    # Two raters who see the truth with probability .8 and else guess among four values: alpha is .64 for many units.
    generator, hits = np.random.default_rng(1), 0
    for seed in range(40):
        truth = generator.integers(0, 4, 80)
        seen = [np.where(generator.random(80) < 0.8, truth, generator.integers(0, 4, 80)) for _ in range(2)]
        interval = agreement_interval(
            np.stack(seen, axis=1), lambda r: krippendorff_alpha(r, "nominal"), resamples=200, seed=seed
        )
        hits += interval.low <= 0.64 <= interval.high
    assert 0.85 <= hits / 40 <= 1


def test_counts_tell_how_often_each_value_was_given():
    assert category_counts(np.array([[1, 1, 3], [3, NAN, 2]])).tolist() == [[2, 0, 1], [0, 1, 1]]
