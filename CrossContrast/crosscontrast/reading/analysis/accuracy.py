"""ROC of the readers' confidence, per reader and over all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from crosscontrast.reading.analysis.measures import Measure
from crosscontrast.reading.analysis.ratings import Table, known
from crosscontrast.reading.analysis.rows import AreaComparison, AreaRow, MultiReaderRow
from crosscontrast.reading.plan import Plan
from crosscontrast.reading.questions import Confidence, Likert
from crosscontrast.statistics.multiplicity import holm
from crosscontrast.statistics.multireader import MultiReaderResult, obuchowski_rockette
from crosscontrast.statistics.roc import area_estimate, compare_areas


@dataclass(frozen=True)
class RocData:
    """Scores (arms x readers x cases, NaN for missing) of a question and the truth of every case."""

    question: str
    truth_name: str
    arms: tuple[str, ...]
    readers: tuple[str, ...]
    scores: np.ndarray
    truth: np.ndarray


def roc_data(plan: Plan, table: Table, measures: Sequence[Measure]) -> Iterator[RocData]:
    """Yield the data of every question with a truth.

    With truth ``real`` the images of all arms are the cases of one arm called ``all``: does confidence tell acquired
    images from made ones?
    """
    positive = {case.name: case.positive for case in plan.cases}
    by_id: Mapping[str, Measure] = {measure.id: measure for measure in measures}
    for question in plan.study.questions:
        if not isinstance(question, Likert | Confidence) or question.truth is None:
            continue
        matrices = [table.matrix(by_id[question.id], arm).T for arm in table.arms]
        if question.truth == "case":
            truth = np.array([bool(positive[case]) for case in table.cases])
            yield RocData(question.id, "case", table.arms, table.readers, np.stack(matrices), truth)
        else:
            truth = np.repeat([arm.real for arm in plan.study.arms], len(table.cases))
            scores = np.concatenate(matrices, axis=1)[None]
            yield RocData(question.id, "real", ("all",), table.readers, scores, truth)


def area_rows(data: RocData) -> Iterator[AreaRow]:
    """Yield every reader's area in every arm; those without positive or negative cases are left out."""
    for a, arm in enumerate(data.arms):
        for r, reader in enumerate(data.readers):
            scores, truth = _complete(data.scores[a, r][None], data.truth)
            if not _both(truth):
                continue
            found = area_estimate(scores[0], truth)
            yield AreaRow(
                question=data.question,
                truth=data.truth_name,
                arm=arm,
                reader=reader,
                area=found.area,
                error=found.error,
                low=known(found.low),
                high=known(found.high),
                positives=found.positives,
                negatives=found.negatives,
            )


def area_comparisons(data: RocData) -> list[AreaComparison]:
    """Return DeLong's test of every pair of arms for every reader."""
    found = []
    for r, reader in enumerate(data.readers):
        for first, second in combinations(range(len(data.arms)), 2):
            scores, truth = _complete(data.scores[[first, second], r], data.truth)
            if _both(truth):
                found.append((reader, data.arms[first], data.arms[second], compare_areas(scores[0], scores[1], truth)))
    adjusted = holm([test.p for *_, test in found])
    return [
        AreaComparison(
            question=data.question,
            reader=reader,
            first=first,
            second=second,
            difference=test.difference,
            p=known(test.p),
            p_holm=known(p),
        )
        for (reader, first, second, test), p in zip(found, adjusted, strict=True)
    ]


def multi_reader_rows(data: RocData) -> tuple[list[MultiReaderRow], list[str]]:
    """Return Obuchowski and Rockette's analysis, and sentences on what it leaves out or why it cannot be made.

    It needs the scores of every reader in every arm, so cases that lack one are left out.
    """
    flat = data.scores.reshape(-1, len(data.truth))
    scores, truth = _complete(flat, data.truth)
    if len(data.readers) < 2:
        return [], []
    if not _both(truth) or min(truth.sum(), (~truth).sum()) < 2:
        return [], [
            f"{data.question}: no analysis over readers, because too few cases were read by every reader in every arm."
        ]
    result = obuchowski_rockette(scores.reshape(*data.scores.shape[:2], -1), truth)
    left_out = len(data.truth) - len(truth)
    notes = [f"{data.question}: {left_out} cases that lack a rating are not in the analysis over readers."]
    return _rows(data, result, len(truth)), notes if left_out else []


def _rows(data: RocData, result: MultiReaderResult, cases: int) -> list[MultiReaderRow]:
    row = partial(MultiReaderRow, question=data.question, cases=cases, readers=len(data.readers))
    rows = [
        row(
            what=f"area in {name}", estimate=a.area, error=a.error, low=known(a.low), high=known(a.high), df=known(a.df)
        )
        for name, a in zip(data.arms, result.arms, strict=True)
    ]
    adjusted = holm([difference.p for difference in result.differences])
    for d, p_holm in zip(result.differences, adjusted, strict=True):
        difference = row(what=f"{data.arms[d.first]} - {data.arms[d.second]}", estimate=d.difference, error=d.error)
        numbers = {"low": d.low, "high": d.high, "df": d.df, "p": d.p, "p_holm": float(p_holm)}
        rows.append(difference.model_copy(update={name: known(value) for name, value in numbers.items()}))
    if result.differences:
        rows.append(row(what="all arms", df=known(result.df2), f=known(result.f), p=known(result.p)))
    return rows


def _complete(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the cases that lack a score in any row."""
    kept = np.isfinite(scores).all(axis=0)
    return scores[:, kept], truth[kept]


def _both(truth: np.ndarray) -> bool:
    return bool(truth.any() and not truth.all())
