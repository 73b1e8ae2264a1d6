"""How close the points lie that readers marked in the same image."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from crosscontrast.reading.analysis.ratings import Table, known
from crosscontrast.reading.analysis.rows import MarkRow
from crosscontrast.reading.questions import Point
from crosscontrast.reading.study import Study
from crosscontrast.statistics.bootstrap import bootstrap_interval


def mark_rows(study: Study, table: Table) -> Iterator[MarkRow]:
    """Yield the mean distance of the marks to their case's mean point; cases that one reader marked do not count."""
    for question in (q for q in study.questions if isinstance(q, Point)):
        for arm in table.arms:
            marks: dict[str, list[list[float]]] = defaultdict(list)
            for answer in table.answers:
                if answer.arm == arm and answer.copy == 1 and not answer.training and answer.values.get(question.id):
                    marks[answer.case].append(answer.values[question.id])
            several = {case: np.array(points) for case, points in marks.items() if len(points) > 1}
            distances = {case: np.linalg.norm(p - p.mean(axis=0), axis=1) for case, p in several.items()}
            names = [case for case, found in distances.items() for _ in found]
            values = np.concatenate([*distances.values(), np.empty(0)])
            interval = bootstrap_interval(values, subjects=names, resamples=table.resamples)
            yield MarkRow(
                question=question.id,
                arm=arm,
                marks=sum(map(len, marks.values())),
                cases=len(several),
                mean_distance=known(interval.estimate),
                low=known(interval.low),
                high=known(interval.high),
            )
