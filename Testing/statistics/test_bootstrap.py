import numpy as np
import pytest

from crosscontrast.statistics.bootstrap import bootstrap_interval


def correlation(pairs):
    return float(np.corrcoef(pairs.T)[0, 1])


def coverage(draw, truth, repeats=100, **options):
    """The share of repeated studies whose interval holds the truth."""
    generator = np.random.default_rng(5)
    hits = 0
    for number in range(repeats):
        rows, subjects = draw(generator)
        interval = bootstrap_interval(rows, subjects=subjects, resamples=300, seed=number, **options)
        hits += interval.low <= truth <= interval.high
    return hits / repeats


def test_the_interval_of_a_skewed_mean_holds_the_truth_about_as_often_as_it_says():
    found = coverage(lambda generator: (generator.gamma(2.0, 1.0, 40), None), truth=2.0)
    assert 0.88 < found < 0.99


def test_several_images_of_a_person_do_not_count_as_several_persons():
    def study(generator):
        persons = np.repeat(generator.normal(0, 1, 15), 6)
        return persons + generator.normal(0, 0.1, 90), np.repeat(np.arange(15), 6).tolist()

    assert coverage(study, truth=0.0) > 0.85
    assert coverage(lambda generator: (study(generator)[0], None), truth=0.0) < 0.7


def test_with_one_row_each_the_subjects_names_change_nothing():
    rows = np.random.default_rng(1).normal(5, 2, 15)
    assert bootstrap_interval(rows) == bootstrap_interval(rows, subjects=[f"sub-{i:02}" for i in range(15)])


def test_a_statistic_of_pairs_is_resampled_by_pairs():
    generator = np.random.default_rng(2)
    x = generator.normal(size=80)
    pairs = np.column_stack([x, 0.8 * x + 0.6 * generator.normal(size=80)])
    interval = bootstrap_interval(pairs, correlation)
    # Fisher's interval is another road to the same place.
    fisher = np.tanh(np.arctanh(correlation(pairs)) + np.array([-1.96, 1.96]) / np.sqrt(77))
    assert [interval.low, interval.high] == pytest.approx(fisher, abs=0.05)


def test_subjects_without_a_value_are_left_out():
    whole = bootstrap_interval([1.0, np.nan, 2.0, 4.0], subjects=["a", "b", "c", "d"])
    assert whole.subjects == 3
    assert whole.estimate == pytest.approx(7 / 3)


def test_too_few_subjects_are_said_and_not_invented():
    nobody, alone = bootstrap_interval([]), bootstrap_interval([3.0, 5.0], subjects=["a", "a"])
    assert nobody.subjects == 0
    assert np.isnan([nobody.estimate, nobody.low, nobody.high]).all()
    assert (alone.estimate, alone.subjects) == (4.0, 1)
    assert np.isnan([alone.low, alone.high]).all()


def test_equal_values_give_an_interval_of_no_width():
    interval = bootstrap_interval([2.5] * 6)
    assert (interval.low, interval.estimate, interval.high) == (2.5, 2.5, 2.5)


def test_rows_and_subjects_must_match():
    with pytest.raises(ValueError, match="3 rows were given with the subjects of 2"):
        bootstrap_interval([1, 2, 3], subjects=["a", "b"])


def test_the_interval_follows_units_and_offsets():
    values = np.random.default_rng(4).gamma(2, 3, 12)
    first, second = bootstrap_interval(values), bootstrap_interval(10 * values - 7)
    for name in ("estimate", "low", "high"):
        assert getattr(second, name) == pytest.approx(10 * getattr(first, name) - 7)
