"""An ablation compares trainings that differ in the weight of one loss only, and says what that changes."""

import csv
import math

import pytest
from scipy import stats

from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.synthesis.ablation.compare import Arm, differences
from crosscontrast.synthesis.ablation.jobs import RadiomicsAblation
from crosscontrast.synthesis.phantom.write import write_phantoms


def arm(weight, seed, preserved, mae):
    return Arm(radiomics=weight, seed=seed, mae=mae, features=90, preserved=preserved, median_concordance=0.5)


def test_weights_are_compared_seed_by_seed():
    """In any order of the seeds; SciPy's paired t-test is the reference."""
    without, with_loss = {0: (9, 5.0), 1: (20, 4.0), 2: (30, 3.0)}, {2: (33, 3.2), 0: (11, 5.0), 1: (21, 4.5)}
    arms = [arm(0.0, *item) for item in ((seed, *values) for seed, values in without.items())]
    arms += [arm(1.0, *item) for item in ((seed, *values) for seed, values in with_loss.items())]
    (found,) = differences(arms)
    assert (found.radiomics, found.seeds, found.preserved) == (1.0, 3, pytest.approx(2.0))
    assert found.preserved_p == pytest.approx(stats.ttest_rel([11, 21, 33], [9, 20, 30]).pvalue)
    assert found.mae == pytest.approx(0.7 / 3)
    assert found.mae_p == pytest.approx(stats.ttest_rel([5.0, 4.5, 3.2], [5.0, 4.0, 3.0]).pvalue)


def test_one_seed_has_a_difference_but_no_p():
    (found,) = differences([arm(0.0, 0, 9, 5.0), arm(1.0, 0, 12, 5.5)])
    assert found.preserved == 3
    assert math.isnan(found.preserved_p)
    assert math.isnan(found.mae_p)


def job(cohort, out):
    return RadiomicsAblation(
        cohort=cohort, source="us", target="t2w", network="pix2pix2d", out=out, seeds=(3,), device="cpu",
        settings={"steps": 2, "width": 4, "validation_steps": 0},
    )  # fmt: skip


def test_the_job_trains_each_weight_and_counts_preserved_features(tmp_path):
    cohort = write_phantoms("prostate", tmp_path / "cohort", subjects=16, size=16)
    result = job(cohort, tmp_path / "out").run(silent)
    with result.table.open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert [(row["radiomics"], row["seed"]) for row in rows] == [("0.0", "3"), ("1.0", "3")]
    assert all(0 <= int(row["preserved"]) <= int(row["features"]) > 80 for row in rows)
    assert result.arms[0].mae != result.arms[1].mae
    assert result.differences[0].mae == pytest.approx(result.arms[1].mae - result.arms[0].mae)


def test_two_test_subjects_are_too_few_to_compare_features_over(prostates, tmp_path):
    with pytest.raises(BadInputError, match="three test subjects"):
        job(prostates, tmp_path / "out").run(silent)
    assert not (tmp_path / "out").exists()
