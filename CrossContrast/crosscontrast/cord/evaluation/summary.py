"""From subjects to methods: means with confidence intervals, tests, and what a reader must know about them."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel

from crosscontrast.cord.evaluation.measures import SUBJECT_MEASURES, CaseScores, SubjectMeasure, SubjectScores
from crosscontrast.cord.evaluation.region import Region
from crosscontrast.statistics.bootstrap import bootstrap_interval
from crosscontrast.statistics.paired import Comparison, compare_pairwise, smallest_p

#: Below this number of subjects no Wilcoxon test can reach 5 %.
_FEWEST_SUBJECTS = 6


class Mean(BaseModel):
    """A mean over ``subjects`` with its 95 % bootstrap interval; ``None`` where there are too few of them."""

    mean: float | None
    low: float | None
    high: float | None
    subjects: int


class Summary(BaseModel):
    """Per method and measure the mean over subjects, per measure all pairs of methods, and remarks for the reader."""

    methods: dict[str, dict[SubjectMeasure, Mean]]
    comparisons: dict[SubjectMeasure, list[Comparison]]
    remarks: list[str]


def summarise(cases: Sequence[CaseScores], subjects: Sequence[SubjectScores], region: Region) -> Summary:
    """Average over subjects and test all pairs of methods; the pairs of one measure are one family for Holm."""
    columns = {measure: values_by_method(subjects, measure) for measure in SUBJECT_MEASURES}
    methods = list(dict.fromkeys(scores.method for scores in subjects))
    return Summary(
        methods={method: {measure: _mean(columns[measure][method]) for measure in columns} for method in methods},
        comparisons={
            measure: [comparison for comparison in compare_pairwise(samples) if comparison.pairs]
            for measure, samples in columns.items()
        },
        remarks=list(_remarks(cases, subjects, region)),
    )


def values_by_method(subjects: Sequence[SubjectScores], measure: SubjectMeasure) -> dict[str, np.ndarray]:
    """Return for each method its values, one per subject and for all methods in the same order; NaN where missing."""
    order = list(dict.fromkeys(scores.subject for scores in subjects))
    columns = {scores.method: np.full(len(order), np.nan) for scores in subjects}
    for scores in subjects:
        value = getattr(scores, measure)
        columns[scores.method][order.index(scores.subject)] = np.nan if value is None else value
    return columns


def _mean(values: np.ndarray) -> Mean:
    interval = bootstrap_interval(values)
    ends = (interval.estimate, interval.low, interval.high)
    mean, low, high = (end if math.isfinite(end) else None for end in ends)
    return Mean(mean=mean, low=low, high=high, subjects=interval.subjects)


def _remarks(cases: Sequence[CaseScores], subjects: Sequence[SubjectScores], region: Region) -> Iterator[str]:
    failed = sum(case.status == "failed" for case in cases)
    if failed:
        yield f"{failed} of {len(cases)} cases failed; their reasons stand in the table of cases."
    if region == Region():
        yield (
            "Areas are means over all slices with cord: they can be compared only where the contrasts of a subject "
            "cover the same stretch. Give vertebral levels to compare the same stretch everywhere."
        )
    without_sd = sum(scores.csa_sd_mm2 is None for scores in subjects)
    if without_sd:
        yield f"{without_sd} of {len(subjects)} lines of subjects lack a CSA SD: it needs two contrasts of a session."
    if len({scores.contrasts for scores in subjects if scores.csa_sd_mm2 is not None}) > 1:
        yield "The CSA SD is not over the same contrasts for all subjects and methods; see the table of subjects."
    count = len({scores.subject for scores in subjects})
    if count < _FEWEST_SUBJECTS and len({scores.method for scores in subjects}) > 1:
        yield (
            f"With {count} subject{'s' if count > 1 else ''} no p value can be smaller than {smallest_p(count):g}: "
            "these tests cannot show a difference."
        )
    if all(scores.dice is None for scores in subjects):
        yield "No agreement was measured: no image has a reference mask that could be compared."
