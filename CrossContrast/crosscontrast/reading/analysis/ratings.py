"""Distributions, medians, comparisons and agreement of the answers."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from crosscontrast.reading.analysis.answers import StudyAnswer
from crosscontrast.reading.analysis.measures import SECONDS, Measure, case_means, rating_matrix
from crosscontrast.reading.analysis.rows import AgreementRow, ArmComparison, Distribution, RepeatRow, Summary
from crosscontrast.statistics.agreement import (
    Coefficient,
    Weights,
    agreement_interval,
    fleiss_kappa,
    icc_agreement,
    icc_agreement_of_means,
    icc_consistency,
    krippendorff_alpha,
    mean_kappa,
)
from crosscontrast.statistics.bootstrap import bootstrap_interval
from crosscontrast.statistics.median import median_interval
from crosscontrast.statistics.paired import compare_pairwise

ALL = "all"


@dataclass(frozen=True)
class Table:
    """The answers that count, with the cases, arms and readers in the order of the plan.

    ``resamples`` is the number of bootstrap samples behind every interval.
    """

    answers: Sequence[StudyAnswer]
    cases: tuple[str, ...]
    arms: tuple[str, ...]
    readers: tuple[str, ...]
    resamples: int = 1000

    def matrix(self, measure: Measure, arm: str) -> np.ndarray:
        """Return the first readings of an arm as cases x readers."""
        return rating_matrix(measure, self.answers, arm, self.cases, self.readers)


def known(value: float) -> float | None:
    """Return a number for a table: ``None`` where it is not defined."""
    return float(value) if math.isfinite(value) else None


def distributions(table: Table, measure: Measure) -> Iterator[Distribution]:
    """Yield how often each answer of a question with named answers was given."""
    for arm in table.arms if measure.names else ():
        matrix = table.matrix(measure, arm)
        for number, reader in [(None, ALL), *enumerate(table.readers)]:
            values = matrix if number is None else matrix[:, [number]]
            counts = Counter(values[np.isfinite(values)].astype(int).tolist())
            for place, name in zip(measure.categories, measure.names, strict=True):
                share = counts[place] / counts.total() if counts else 0.0
                yield Distribution(
                    question=measure.id, arm=arm, reader=reader, answer=name, count=counts[place], share=share
                )


def summaries(table: Table, measure: Measure) -> Iterator[Summary]:
    """Yield the median of every arm, over all readers and for each.

    The interval over all readers resamples cases; that of one reader, whose answers are one per case, is exact (order
    statistics).
    """
    for arm in table.arms if measure.comparable else ():
        matrix = table.matrix(measure, arm)
        for number, reader in [(None, ALL), *enumerate(table.readers)]:
            values = matrix if number is None else matrix[:, [number]]
            rows, _ = np.nonzero(np.isfinite(values))
            found = values[np.isfinite(values)]
            if number is None:
                interval = bootstrap_interval(found, np.median, subjects=rows.tolist(), resamples=table.resamples)
            else:
                interval = median_interval(found)
            yield Summary(
                question=measure.id,
                arm=arm,
                reader=reader,
                answers=len(found),
                cases=interval.subjects,
                median=known(interval.estimate),
                low=known(interval.low),
                high=known(interval.high),
                mean=known(float(found.mean())) if len(found) else None,
            )


def comparisons(table: Table, measure: Measure) -> Iterator[ArmComparison]:
    """Yield the tests of every pair of arms over cases."""
    if not measure.comparable or len(table.arms) < 2:
        return
    samples = {arm: case_means(table.matrix(measure, arm)) for arm in table.arms}
    for found in compare_pairwise(samples):
        yield ArmComparison(
            question=measure.id,
            first=found.first,
            second=found.second,
            cases=found.pairs,
            median_difference=known(found.median_difference),
            p=known(found.p),
            p_holm=known(found.p_holm),
        )


def coefficients(measure: Measure) -> dict[str, Coefficient]:
    """Return the coefficients of agreement that fit a measure, by their names."""
    alpha = {f"Krippendorff's alpha ({measure.level})": partial(krippendorff_alpha, level=measure.level)}
    icc: dict[str, Coefficient] = {
        "ICC(A,1)": icc_agreement,
        "ICC(C,1)": icc_consistency,
        "ICC(A,k)": icc_agreement_of_means,
    }
    if not measure.names:
        return alpha | icc
    ordinal = measure.level == "ordinal"
    weights: Weights = "quadratic" if ordinal else "none"
    name = "mean kappa of pairs" + (" (quadratic weights)" if ordinal else "")
    kappa: dict[str, Coefficient] = {name: partial(mean_kappa, categories=measure.categories, weights=weights)}
    return kappa | {"Fleiss' kappa": fleiss_kappa} | alpha | (icc if ordinal else {})


def agreements(table: Table, measure: Measure) -> Iterator[AgreementRow]:
    """Yield the agreement between readers in every arm; intervals resample cases."""
    if len(table.readers) < 2 or measure.id == SECONDS:
        return
    for arm in table.arms:
        matrix = table.matrix(measure, arm)
        matrix = matrix[np.isfinite(matrix).any(axis=1)]
        for name, coefficient in coefficients(measure).items():
            interval = agreement_interval(matrix, coefficient, resamples=table.resamples)
            yield AgreementRow(
                question=measure.id,
                arm=arm,
                coefficient=name,
                estimate=known(interval.estimate),
                low=known(interval.low),
                high=known(interval.high),
                cases=len(matrix),
                readers=int(np.isfinite(matrix).any(axis=0).sum()),
            )


def repeats(table: Table, measure: Measure) -> Iterator[RepeatRow]:
    """Yield how far readers agree with themselves; the intervals of all readers together resample cases."""
    if measure.id == SECONDS:
        return
    pairs: dict[tuple[str, str, str], dict[int, float]] = {}
    for answer in table.answers:
        if not answer.training:
            pairs.setdefault((answer.reader, answer.case, answer.arm), {})[answer.copy] = measure.number(answer)
    twice = {key: [copies[1], copies[2]] for key, copies in pairs.items() if set(copies) == {1, 2}}
    twice = {key: values for key, values in twice.items() if np.isfinite(values).all()}
    chosen = {name: c for name, c in coefficients(measure).items() if "Fleiss" not in name}
    if measure.names:
        chosen["share of equal answers"] = lambda values: float((values[:, 0] == values[:, 1]).mean())
    for reader in (ALL, *table.readers):
        own = {key: values for key, values in twice.items() if reader in (ALL, key[0])}
        if len(own) < 2:
            continue
        for name, coefficient in chosen.items():
            values, cases = np.array(list(own.values())), [key[1] for key in own]
            interval = agreement_interval(values, coefficient, subjects=cases, resamples=table.resamples)
            yield RepeatRow(
                question=measure.id,
                reader=reader,
                repeats=len(own),
                coefficient=name.replace("mean kappa of pairs", "kappa"),
                estimate=known(interval.estimate),
                low=known(interval.low),
                high=known(interval.high),
            )
