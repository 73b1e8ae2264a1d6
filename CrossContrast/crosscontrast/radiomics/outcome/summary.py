"""From scores to what they are worth: area under the curve, accuracy, calibration, and arms compared in pairs."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from pydantic import BaseModel

from crosscontrast.radiomics.outcome.folds import by_part
from crosscontrast.statistics.bootstrap import Statistic, bootstrap_interval
from crosscontrast.statistics.calibration import expected_calibration_error
from crosscontrast.statistics.multiplicity import holm
from crosscontrast.statistics.resampled import HeldOutMean, held_out_mean
from crosscontrast.statistics.roc import delong

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


def auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the area under the curve of scores; NaN where a class is missing."""
    if truth.all() or not truth.any():
        return float("nan")
    return float(delong(scores[None], truth)[0][0])


def performance(
    arm: str, model: str, scores: np.ndarray, truth: np.ndarray, subjects: Sequence[str], seed: int, folds: int
) -> Performance:
    """Measure the scores of held-out images (repeats x images).

    Area and accuracy are means over the held-out parts, with the intervals of
    :func:`crosscontrast.statistics.resampled.held_out_mean`; the others are of the scores averaged over repeats.
    """
    how = (truth, subjects, seed, folds)
    area = held_out_mean(by_part(auc, scores, *how), null=0.5)
    accuracy = held_out_mean(by_part(_accuracy, scores, *how))
    mean = scores.mean(0)
    called = mean >= _DECISION
    return Performance(
        arm=arm,
        model=model,
        images=len(truth),
        subjects=len(set(subjects)),
        positives=int(truth.sum()),
        auc=area.estimate,
        **_ends("auc", area),
        accuracy=accuracy.estimate,
        **_ends("accuracy", accuracy),
        sensitivity=float(called[truth].mean()),
        specificity=float((~called[~truth]).mean()),
        brier=float(((mean - truth) ** 2).mean()),
        calibration_error=expected_calibration_error(mean, truth.astype(float)),
    )


def compare_arms(
    scores: dict[tuple[str, str], np.ndarray], truth: np.ndarray, subjects: Sequence[str], seed: int, folds: int
) -> list[ArmTest]:
    """Test every pair of arms with the same model; all of these tests are one family for Holm's correction.

    ``scores`` (repeats x images) is by arm and model; arms are compared part by part, with the corrected t-test for
    repeated cross-validation.
    """
    areas = {key: by_part(auc, values, truth, subjects, seed, folds) for key, values in scores.items()}
    tests = []
    for model in dict.fromkeys(model for _, model in scores):
        arms = [arm for arm, other in scores if other == model]
        for first, second in combinations(arms, 2):
            found = held_out_mean(areas[first, model] - areas[second, model])
            # Equal in every part: no variance and no difference.
            p = 1.0 if found.estimate == 0 and not np.isfinite(found.error) else known(found.p)
            tests.append(
                ArmTest(
                    model=model,
                    first=first,
                    second=second,
                    difference=found.estimate,
                    low=known(found.low),
                    high=known(found.high),
                    p=p,
                    method="corrected t-test",
                )
            )
    return adjusted(tests)


def adjusted(tests: Sequence[ArmTest]) -> list[ArmTest]:
    """Return the tests with Holm's correction over all of them."""
    found = holm([np.nan if test.p is None else test.p for test in tests])
    return [t.model_copy(update={"p_holm": known(p)}) for t, p in zip(tests, found, strict=True)]


def _accuracy(scores: np.ndarray, truth: np.ndarray) -> float:
    return float(((scores >= _DECISION) == truth).mean())


def _ends(name: str, found: HeldOutMean) -> dict[str, float | None]:
    """Return the ends of an interval of a share, which ends at 0 and 1."""
    ends = {"low": max(0.0, found.low), "high": min(1.0, found.high)}
    return {f"{name}_{end}": known(value) if np.isfinite(found.error) else None for end, value in ends.items()}


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
