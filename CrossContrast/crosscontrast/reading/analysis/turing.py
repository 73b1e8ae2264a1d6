"""The visual Turing test: do readers tell acquired images from made ones?"""

from collections.abc import Iterator

from scipy import stats

from crosscontrast.reading.analysis.answers import StudyAnswer
from crosscontrast.reading.analysis.ratings import ALL, Table
from crosscontrast.reading.analysis.rows import TuringRow
from crosscontrast.reading.questions import REAL, SYNTHETIC, Turing
from crosscontrast.reading.study import Study


def turing_rows(study: Study, table: Table) -> Iterator[TuringRow]:
    """Yield the share of right judgements of each reader and of all, for real and synthetic images and every arm.

    The intervals are exact (Clopper and Pearson, Biometrika 26:404-413, 1934); those of all readers together take the
    judgements for independent, so they are too narrow where readers see the same images. With arms of unequal number
    half of all right is no chance level, so the p value is that of Fisher's exact test whether the judgement depends
    on the truth at all.
    """
    real = {arm.name: arm.real for arm in study.arms}
    for question in (q for q in study.questions if isinstance(q, Turing)):
        judged = [a for a in table.answers if a.copy == 1 and not a.training and a.values.get(question.id)]
        for reader in (ALL, *table.readers):
            own = [answer for answer in judged if reader in (ALL, answer.reader)]
            groups: dict[str, list[StudyAnswer]] = {
                "all images": own,
                "real images": [answer for answer in own if real[answer.arm]],
                "synthetic images": [answer for answer in own if not real[answer.arm]],
                **{f"arm {arm}": [answer for answer in own if answer.arm == arm] for arm in table.arms},
            }
            for name, answers in groups.items():
                if answers:
                    p = _fisher(answers, real, question.id) if name == "all images" else None
                    yield _row(question.id, reader, name, answers, real, p)


def _row(
    question: str, reader: str, name: str, answers: list[StudyAnswer], real: dict[str, bool], p: float | None
) -> TuringRow:
    correct = sum(answer.values[question] == (REAL if real[answer.arm] else SYNTHETIC) for answer in answers)
    interval = stats.binomtest(correct, len(answers)).proportion_ci(method="exact")
    return TuringRow(
        question=question,
        reader=reader,
        images=name,
        correct=correct,
        total=len(answers),
        share=correct / len(answers),
        low=float(interval.low),
        high=float(interval.high),
        p=p,
    )


def _fisher(answers: list[StudyAnswer], real: dict[str, bool], question: str) -> float | None:
    table = [[0, 0], [0, 0]]
    for answer in answers:
        table[real[answer.arm]][answer.values[question] == REAL] += 1
    if not (sum(table[0]) and sum(table[1])):
        return None
    return float(stats.fisher_exact(table).pvalue)
