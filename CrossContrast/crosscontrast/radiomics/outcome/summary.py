"""From scores to what they are worth: area under the curve, accuracy, calibration, and arms compared in pairs."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from pydantic import BaseModel

from crosscontrast.statistics.bootstrap import Statistic, bootstrap_interval
from crosscontrast.statistics.calibration import expected_calibration_error
from crosscontrast.statistics.multiplicity import holm
from crosscontrast.statistics.roc import compare_areas, delong

#: Scores at or above this count as the positive class.
_DECISION = 0.5


class Performance(BaseModel):
    """How well a model of an arm predicts; ends of intervals are ``None`` where they cannot be told."""

    arm: str
    model: str
    images: int
    subjects: int
    positives: int
    auc: float
    auc_low: float | None
    auc_high: float | None
    accuracy: float
    accuracy_low: float | None
    accuracy_high: float | None
    sensitivity: float
    specificity: float
    brier: float
    calibration_error: float


class ArmTest(BaseModel):
    """The difference in area between two arms with the same model, and the test of it."""

    model: str
    first: str
    second: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None = None
    method: str


def auc(rows: np.ndarray) -> float:
    """Return the area under the curve of rows (score, truth); NaN where a class is missing."""
    truth = rows[:, 1] > 0.5
    if truth.all() or not truth.any():
        return float("nan")
    return float(delong(rows[None, :, 0], truth)[0][0])


def performance(
    arm: str, model: str, scores: np.ndarray, truth: np.ndarray, subjects: Sequence[str], resamples: int, seed: int
) -> Performance:
    """Measure the scores of held-out images; intervals draw subjects."""
    rows = np.column_stack([scores, truth])
    right = ((scores >= _DECISION) == truth).astype(float)
    area = bootstrap_interval(rows, auc, subjects=subjects, resamples=resamples, seed=seed)
    accuracy = bootstrap_interval(right, subjects=subjects, resamples=resamples, seed=seed)
    called = scores >= _DECISION
    return Performance(
        arm=arm,
        model=model,
        images=len(truth),
        subjects=len(set(subjects)),
        positives=int(truth.sum()),
        auc=area.estimate,
        auc_low=known(area.low),
        auc_high=known(area.high),
        accuracy=accuracy.estimate,
        accuracy_low=known(accuracy.low),
        accuracy_high=known(accuracy.high),
        sensitivity=float(called[truth].mean()),
        specificity=float((~called[~truth]).mean()),
        brier=float(((scores - truth) ** 2).mean()),
        calibration_error=expected_calibration_error(scores, truth.astype(float)),
    )


def compare_arms(
    scores: dict[tuple[str, str], np.ndarray], truth: np.ndarray, subjects: Sequence[str], resamples: int, seed: int
) -> list[ArmTest]:
    """Test every pair of arms with the same model; all of these tests are one family for Holm's correction.

    ``scores`` is by arm and model. DeLong's test where every subject has one image; otherwise subjects are drawn and
    p is twice the share of draws on the other side of no difference.
    """
    clustered = len(set(subjects)) < len(truth)
    tests = []
    for model in dict.fromkeys(model for _, model in scores):
        arms = [arm for arm, other in scores if other == model]
        for first, second in combinations(arms, 2):
            one, two = scores[first, model], scores[second, model]
            test = _drawn(one, two, truth, subjects, resamples, seed) if clustered else _delong(one, two, truth)
            tests.append(ArmTest(model=model, first=first, second=second, **test))
    return adjusted(tests)


def adjusted(tests: Sequence[ArmTest]) -> list[ArmTest]:
    """Return the tests with Holm's correction over all of them."""
    found = holm([np.nan if test.p is None else test.p for test in tests])
    return [t.model_copy(update={"p_holm": known(p)}) for t, p in zip(tests, found, strict=True)]


def _delong(one: np.ndarray, two: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    found = compare_areas(one, two, truth)
    half = 1.959964 * found.error
    return {
        "difference": found.difference,
        "low": known(found.difference - half),
        "high": known(found.difference + half),
        # Equal scores have no variance and no difference.
        "p": 1.0 if found.error == 0 and found.difference == 0 else known(found.p),
        "method": "DeLong",
    }


def _drawn(
    one: np.ndarray, two: np.ndarray, truth: np.ndarray, subjects: Sequence[str], resamples: int, seed: int
) -> dict[str, Any]:
    rows = np.column_stack([one, two, truth])
    return drawn_test(rows, lambda part: auc(part[:, [0, 2]]) - auc(part[:, [1, 2]]), subjects, resamples, seed)


def drawn_test(
    rows: np.ndarray, difference: Statistic, subjects: Sequence[str], resamples: int, seed: int
) -> dict[str, Any]:
    """Return difference, interval and p of two arms by drawing subjects, as fields of :class:`ArmTest`."""
    draws: list[float] = []

    def remembered(part: np.ndarray) -> float:
        draws.append(difference(part))
        return draws[-1]

    interval = bootstrap_interval(rows, remembered, subjects=subjects, resamples=resamples, seed=seed)
    # The first value is the estimate; the jackknife of BCa comes last.
    drawn = np.array(draws[1 : resamples + 1])
    drawn = drawn[np.isfinite(drawn)]
    below, above = ((np.count_nonzero(part) + 1) / (len(drawn) + 1) for part in (drawn <= 0, drawn >= 0))
    return {
        "difference": interval.estimate,
        "low": known(interval.low),
        "high": known(interval.high),
        "p": float(min(1.0, 2 * min(below, above))),
        "method": "bootstrap by subject",
    }


def known(value: float) -> float | None:
    """Return the value, or ``None`` for NaN and infinity, which JSON does not have."""
    return float(value) if np.isfinite(value) else None
