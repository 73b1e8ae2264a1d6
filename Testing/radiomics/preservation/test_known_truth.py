"""Where the truth is known, the right features are named."""

from dataclasses import replace

import numpy as np
import pytest
from simulated_features import FATES, simulated

from crosscontrast.radiomics.extraction.table import FeatureRow, FeatureTable
from crosscontrast.radiomics.preservation.controls import ceiling, redundancy_clusters, shuffled_null
from crosscontrast.radiomics.preservation.measure import Pairs, count_preserved, judge, pair_up
from crosscontrast.radiomics.preservation.settings import PreservationSettings, Rule

QUICK = PreservationSettings(resamples=400, shuffles=5)


def preserved_by_fate(verdicts) -> dict[str, list[bool]]:
    return {fate: [v.preserved for v in verdicts if v.family == fate] for fate in FATES}


def test_kept_features_are_named_and_shifted_scaled_noised_and_shuffled_ones_are_not():
    verdicts = judge(pair_up(simulated(40, 10, seed=1), "real", "fake"), QUICK)
    found = preserved_by_fate(verdicts)
    assert all(found["kept"])
    assert not any(any(found[fate]) for fate in FATES if fate != "kept")
    rho_only = {fate: [v.rho_only for v in verdicts if v.family == fate] for fate in FATES}
    # The older rule cannot see an offset or another scale.
    assert all(rho_only["shifted"] + rho_only["scaled"] + rho_only["kept"])
    assert not any(rho_only["shuffled"])
    shifted = next(v for v in verdicts if v.family == "shifted")
    assert shifted.measures["bias"].estimate == pytest.approx(2)
    assert (shifted.measures["low_limit"].estimate, shifted.measures["high_limit"].estimate) == pytest.approx((2, 2))


def test_chance_gives_next_to_nothing_and_says_so():
    pairs = pair_up(simulated(40, 10, seed=2), "real", "fake")
    null = shuffled_null(pairs, QUICK)
    assert null is not None
    assert null.preserved_most == 0
    assert null.rho_only_mean < 1
    assert 0.2 < null.rho_95 < 0.45  # 1.96 / sqrt(39) = 0.31
    assert shuffled_null(pair_up(simulated(2, 1, seed=2), "real", "fake"), QUICK) is None


def test_shuffling_moves_whole_subjects_and_leaves_nobody_in_place():
    from crosscontrast.radiomics.preservation.controls import _exchanged

    table = simulated(8, 1, seed=3, sessions=2)
    pairs = pair_up(table, "real", "fake")
    number = np.repeat(np.arange(8.0), 2)[:, None] * np.ones((1, len(pairs.names)))
    marked = replace(pairs, reference=number, test=number)
    for seed in range(20):
        moved = _exchanged(marked, np.random.default_rng(seed))
        assert (moved.reference[:, 0] == moved.groups).all()
        assert (moved.test != moved.reference).all()
        assert (moved.test[::2] == moved.test[1::2]).all()


def test_a_rule_without_intervals_or_with_other_limits_is_obeyed():
    pairs = pair_up(simulated(30, 6, seed=4), "real", "fake")
    rho = PreservationSettings(resamples=200, rule=Rule(limits={"spearman": 0.5}, bound="estimate", fdr=None))
    verdicts = judge(pairs, rho)
    assert [v.preserved for v in verdicts] == [v.rho_only for v in verdicts]
    assert "estimate" in rho.rule.text()
    strict = PreservationSettings(resamples=200, rule=Rule(limits={"ccc": 0.999}))
    assert count_preserved(judge(pairs, strict))[0] == 0
    for bad in ({}, {"kappa": 0.5}, {"icc": 1.0}):
        with pytest.raises(ValueError, match="limits"):
            Rule(limits=bad)


def test_three_subjects_have_estimates_but_no_interval_and_no_verdict():
    verdicts = judge(pair_up(simulated(3, 2, seed=5), "real", "fake"), QUICK)
    assert not any(v.preserved for v in verdicts)
    assert all("3 subjects are too few" in v.reason for v in verdicts)
    assert verdicts[0].measures["icc"].estimate is not None
    assert verdicts[0].measures["icc"].low is None


def test_features_that_cannot_be_compared_are_lines_with_their_reason():
    table = simulated(40, 2, seed=6)
    rows = [
        FeatureRow(
            row.subject,
            row.session,
            row.role,
            row.features
            | {"original_x_constant": 3.0, "original_x_fixed": 3.0 if row.role == "fake" else float(k)}
            | {"original_x_absent": float("nan") if row.role == "fake" else 1.0}
            | {"original_x_late": float("nan") if k < 76 else float(k)},
        )
        for k, row in enumerate(table.rows)
    ]
    verdicts = {v.feature: v for v in judge(pair_up(FeatureTable(tuple(rows)), "real", "fake"), QUICK)}
    assert verdicts["original_x_constant"].reason == "the same value in all images"
    assert verdicts["original_x_fixed"].reason == "the same value in all test images"
    assert verdicts["original_x_absent"].reason == "no subject has the feature in both images"
    assert "2 subjects are too few" in verdicts["original_x_late"].reason
    assert not any(v.preserved for name, v in verdicts.items() if "_x_" in name)
    assert verdicts["original_kept_f0"].preserved


def test_images_without_partner_do_not_count_and_no_partner_at_all_is_said():
    table = simulated(10, 2, seed=7)
    lonely = FeatureTable(tuple(row for row in table.rows if row.role == "real" or row.subject < "s5"))
    assert len(pair_up(lonely, "real", "fake").subjects) == 5
    nobody = FeatureTable(tuple(row for row in table.rows if row.role == "real"))
    verdicts = judge(pair_up(nobody, "real", "fake"), QUICK)
    assert {v.reason for v in verdicts} == {"no pair of images has features"}


def test_sessions_of_a_subject_are_drawn_together():
    once, twice = (judge(pair_up(simulated(20, 4, seed=8, sessions=s), "real", "fake"), QUICK) for s in (1, 2))
    assert twice[0].subjects == 20
    assert twice[0].pairs == 40
    assert once[0].pairs == 20


def test_features_that_say_the_same_share_a_cluster():
    rng = np.random.default_rng(9)
    base = rng.normal(size=(30, 2))
    values = {"a": base[:, 0], "a_neg": -(base[:, 0] ** 3), "b": base[:, 1], "flat": np.ones(30)}
    rows = [FeatureRow(f"s{k}", "", "real", {n: float(v[k]) for n, v in values.items()}) for k in range(30)]
    found = redundancy_clusters(FeatureTable(tuple(rows)), "real", 0.9)
    assert found["a"] == found["a_neg"] != found["b"]
    assert "flat" not in found
    assert redundancy_clusters(FeatureTable(tuple(rows[:2])), "real", 0.9) == {}


def test_the_ceiling_is_the_mean_agreement_of_the_moved_contours():
    table = simulated(25, 3, seed=10)
    moved = [replace(row, role=f"moved {k}") for k in (1, 2) for row in table.rows if row.role == "fake"]
    found = ceiling(table, FeatureTable(tuple(moved)), "real")
    verdicts = judge(pair_up(table, "real", "fake"), QUICK)
    assert {v.feature: v.measures["icc"].estimate for v in verdicts} == pytest.approx(found)


@pytest.mark.slow
def test_the_false_discovery_rate_is_held_over_200_repeats():
    """Features whose true ICC lies just at the limit are the hardest that must not be named."""
    limit, subjects, good, bad = 0.75, 40, 10, 90
    settings = PreservationSettings(resamples=400, rule=Rule(limits={"icc": limit}))
    false, named, found = [], [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        reliability = np.array([0.95] * good + [limit] * bad)
        shape = (subjects, good + bad)
        truth = np.sqrt(reliability) * rng.standard_normal(shape)
        x, y = (truth + np.sqrt(1 - reliability) * rng.standard_normal(shape) for _ in range(2))
        names = [f"original_c_f{k}" for k in range(good + bad)]
        pairs = Pairs("fake", names, [f"s{k}" for k in range(subjects)], x, y, np.arange(subjects))
        preserved = np.array([v.preserved for v in judge(pairs, settings)])
        false.append(preserved[good:].sum() / max(1, preserved.sum()))
        named.append(preserved.sum())
        found.append(preserved[:good].mean())
    print(f"false discovery rate {np.mean(false):.3f}, power {np.mean(found):.3f}, named {np.mean(named):.1f}")
    assert np.mean(false) <= 0.05 + 2 * np.std(false) / np.sqrt(200)
    assert np.mean(found) > 0.9
