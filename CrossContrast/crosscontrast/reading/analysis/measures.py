"""From questions to numbers: what can be counted, averaged and compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crosscontrast.reading.analysis.answers import StudyAnswer
from crosscontrast.reading.questions import REAL, SYNTHETIC, AnyQuestion, Choice, Likert, Turing, YesNo
from crosscontrast.reading.study import Study
from crosscontrast.statistics.agreement import Level

#: The measure that every study has: the time a reading took.
SECONDS = "seconds"


@dataclass(frozen=True)
class Measure:
    """A question whose answers are numbers; ``names`` are the answers in the order of their numbers from ``low`` up.

    ``names`` is empty for measures on a scale of their own (confidence, numbers, seconds).
    """

    id: str
    text: str
    level: Level
    names: tuple[str, ...] = ()
    low: int = 0

    @property
    def categories(self) -> range:
        """The numbers of the answers."""
        return range(self.low, self.low + len(self.names))

    @property
    def comparable(self) -> bool:
        """Whether a greater number means more of something, so that arms can be compared."""
        return self.level != "nominal" or len(self.names) == 2

    def number(self, answer: StudyAnswer) -> float:
        """Return an answer as a number; NaN where the question was not answered."""
        value: Any = answer.seconds if self.id == SECONDS else answer.values.get(self.id)
        if value is None:
            return float("nan")
        return float(self.names.index(value)) if isinstance(value, str) else float(value)


def measures_of(study: Study) -> list[Measure]:
    """Return what a study measures: its questions but free texts and points, and the time per reading."""
    found = [_measure(question) for question in study.questions]
    return [*(m for m in found if m), Measure(SECONDS, "Time per reading in seconds", "interval")]


def _measure(question: AnyQuestion) -> Measure | None:
    match question:
        case Likert():
            ends = dict(zip((1, question.points), question.labels, strict=True)) if len(question.labels) == 2 else {}
            whole = dict(enumerate(question.labels, 1)) if len(question.labels) == question.points else ends
            names = tuple(f"{n} {whole[n]}" if n in whole else str(n) for n in range(1, question.points + 1))
            return Measure(question.id, question.text, "ordinal", names, low=1)
        case YesNo():
            return Measure(question.id, question.text, "nominal", ("no", "yes"))
        case Turing():
            return Measure(question.id, question.text, "nominal", (SYNTHETIC, REAL))
        case Choice():
            return Measure(question.id, question.text, "nominal", question.options)
    if question.kind in ("number", "confidence"):
        return Measure(question.id, question.text, "interval")
    return None


def rating_matrix(
    measure: Measure, answers: Sequence[StudyAnswer], arm: str, cases: Sequence[str], readers: Sequence[str]
) -> np.ndarray:
    """Return the first readings of an arm as cases x readers, NaN where there is none."""
    matrix = np.full((len(cases), len(readers)), np.nan)
    rows, columns = {name: n for n, name in enumerate(cases)}, {name: n for n, name in enumerate(readers)}
    for answer in answers:
        if answer.arm == arm and answer.copy == 1 and not answer.training:
            matrix[rows[answer.case], columns[answer.reader]] = measure.number(answer)
    return matrix


def case_means(matrix: np.ndarray) -> np.ndarray:
    """Return the mean over readers of each case, by which arms are compared; NaN for a case that nobody read."""
    known = np.isfinite(matrix)
    return np.where(
        known.any(axis=1), np.where(known, matrix, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.nan
    )
