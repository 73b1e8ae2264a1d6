"""Outcomes that are events at a time: what scores are worth there, and arms compared in pairs."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from crosscontrast.radiomics.outcome.summary import ArmTest, adjusted, drawn_test, known
from crosscontrast.statistics.bootstrap import bootstrap_interval
from crosscontrast.statistics.concordance import concordance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The model's name in tables.
COX = "cox"


class SurvivalPerformance(BaseModel):
    """How well a model of an arm orders subjects by their time to the event; interval ends are ``None`` if unknown."""

    arm: str
    model: str = COX
    images: int
    subjects: int
    events: int
    concordance: float
    low: float | None
    high: float | None


def survival_performance(
    arm: str,
    scores: np.ndarray,
    times: np.ndarray,
    events: np.ndarray,
    subjects: Sequence[str],
    resamples: int,
    seed: int,
) -> SurvivalPerformance:
    """Measure the scores of held-out images; the interval draws subjects."""
    rows = np.column_stack([scores, times, events])
    found = bootstrap_interval(rows, _of_rows, subjects=subjects, resamples=resamples, seed=seed)
    return SurvivalPerformance(
        arm=arm,
        images=len(times),
        subjects=len(set(subjects)),
        events=int(events.sum()),
        concordance=found.estimate,
        low=known(found.low),
        high=known(found.high),
    )


def compare_survival(
    scores: dict[tuple[str, str], np.ndarray],
    times: np.ndarray,
    events: np.ndarray,
    subjects: Sequence[str],
    resamples: int,
    seed: int,
) -> list[ArmTest]:
    """Test every pair of arms by drawing subjects; all of these tests are one family for Holm's correction."""
    tests = []
    for (first, one), (second, two) in combinations(((arm, found) for (arm, _), found in scores.items()), 2):
        rows = np.column_stack([one, two, times, events])
        test = drawn_test(
            rows, lambda part: _of_rows(part[:, [0, 2, 3]]) - _of_rows(part[:, [1, 2, 3]]), subjects, resamples, seed
        )
        tests.append(ArmTest(model=COX, first=first, second=second, **test))
    return adjusted(tests)


def _of_rows(rows: np.ndarray) -> float:
    return concordance(rows[:, 0], rows[:, 1], rows[:, 2] > 0.5)


def survival_curves(scores: dict[tuple[str, str], np.ndarray], times: np.ndarray, events: np.ndarray) -> "Figure":
    """Draw who is still without the event (Kaplan-Meier), the halves of lower and higher risk, a panel per arm."""
    from statsmodels.duration.survfunc import SurvfuncRight

    from crosscontrast.report.figures import new_figure

    figure = new_figure(3.6 * len(scores) + 0.4, 3.6)
    panels = figure.subplots(1, len(scores), squeeze=False)[0]
    for axes, ((arm, _), found) in zip(panels, scores.items(), strict=True):
        higher = found > np.median(found)
        for half, name, colour in ((~higher, "lower risk", "#0072b2"), (higher, "higher risk", "#d55e00")):
            if half.any():
                curve = SurvfuncRight(times[half], events[half].astype(int))
                steps, share = [0.0, *curve.surv_times, times[half].max()], [1.0, *curve.surv_prob]
                axes.step(steps, [*share, share[-1]], where="post", color=colour, label=f"{name} ({half.sum()})")
        axes.set(title=arm, xlabel="time", ylabel="share without the event", ylim=(0, 1.02))
        axes.legend(fontsize=8)
    return figure
