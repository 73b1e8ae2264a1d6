from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crosscontrast.statistics.multiplicity import holm
from crosscontrast.statistics.paired import compare_pairwise, compare_with, smallest_p, wilcoxon_paired

#: Heights of cross- and self-fertilised plants in eighths of an inch (Darwin 1876), the standard example of the test.
DARWIN = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]


def closed_test(p_values):
    """Holm's method by its definition: each hypothesis against the worst Bonferroni test of every set that holds it."""
    numbers = range(len(p_values))
    sets = [chosen for size in range(1, len(p_values) + 1) for chosen in combinations(numbers, size)]
    bonferroni = {chosen: min(1.0, len(chosen) * min(p_values[i] for i in chosen)) for chosen in sets}
    return [max(p for chosen, p in bonferroni.items() if number in chosen) for number in numbers]


def test_holm_agrees_with_a_worked_example():
    # Four hypotheses at 5 %: the fourth and the first are rejected, the third and the second are not.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_bonferroni_test(p_values):
    assert holm(p_values) == pytest.approx(closed_test(p_values))


def test_a_test_that_could_not_be_made_does_not_count_in_the_family():
    assert holm([0.02, np.nan, 0.03]) == pytest.approx([0.04, np.nan, 0.04], nan_ok=True)
    assert holm([]).size == 0


def test_the_signed_rank_test_agrees_with_the_standard_example():
    test = wilcoxon_paired(DARWIN, np.zeros(15))
    assert test.pairs == 15
    assert test.p == pytest.approx(0.0413, abs=5e-4)
    assert test.median_difference == 24


def test_with_few_subjects_the_exact_distribution_counts():
    assert wilcoxon_paired([1, 2, 3], [0, 0, 0]).p == pytest.approx(0.25) == smallest_p(3)
    assert smallest_p(5) > 0.05 > smallest_p(6)


@pytest.mark.parametrize("differences", [[1, 1, 2, -1, 3, 4], [0, 1, 1, 2, 3, 5, 8], [2, 2, 2, -1, 0, 0, 5, 6]])
def test_ties_and_zeros_have_the_exact_distribution_too(differences):
    """By its definition: all signs are as likely, over the ranks of those that are not 0."""
    known = np.array([d for d in differences if d])
    ranks = stats.rankdata(np.abs(known))
    signs = np.array(list(product((0, 1), repeat=len(known))))
    distance = np.abs(signs @ ranks - ranks.sum() / 2)
    expected = np.mean(distance >= abs(ranks[known > 0].sum() - ranks.sum() / 2) - 1e-9)
    assert wilcoxon_paired(differences, np.zeros(len(differences))).p == pytest.approx(expected)


def test_no_difference_is_no_evidence_and_no_subject_no_test():
    same = wilcoxon_paired([1.0, 2.0], [1.0, 2.0])
    assert (same.p, same.median_difference, same.pairs) == (1.0, 0.0, 2)
    nobody = wilcoxon_paired([np.nan], [1.0])
    assert nobody.pairs == 0
    assert np.isnan(nobody.p)


def test_all_pairs_of_methods_are_one_family():
    generator = np.random.default_rng(3)
    base = generator.normal(10, 1, 20)
    samples = {"a": base, "b": base + generator.normal(0.5, 0.3, 20), "c": base + generator.normal(0, 0.3, 20)}
    comparisons = compare_pairwise(samples)
    assert [(c.first, c.second) for c in comparisons] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [c.p_holm for c in comparisons] == pytest.approx(holm([c.p for c in comparisons]))
    assert comparisons[0].median_difference < 0
    assert comparisons[0].p_holm < 0.05 < comparisons[1].p_holm


def test_one_method_against_the_others_is_a_smaller_family():
    samples = {"a": [1.0, 2, 3, 4, 5, 6], "b": [2.0, 3.1, 4.2, 5.3, 6.4, 7.5], "c": [0.0, 0, 0, 0, 0, 0]}
    comparisons = compare_with("b", samples)
    assert [(c.first, c.second) for c in comparisons] == [("b", "a"), ("b", "c")]
    assert comparisons[0].p_holm == pytest.approx(2 * smallest_p(6))
    assert comparisons[0].median_difference > 0


def test_a_subject_missing_from_one_method_is_missing_from_its_pairs_only():
    comparisons = compare_pairwise({"a": [1.0, 2, 3], "b": [2.0, np.nan, 4], "c": [1.0, 2, 3]})
    assert [c.pairs for c in comparisons] == [2, 3, 2]
