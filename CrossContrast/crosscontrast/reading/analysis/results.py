"""All results of a study."""

from collections.abc import Sequence
from dataclasses import dataclass

from crosscontrast.errors import BadInputError
from crosscontrast.progress import Progress
from crosscontrast.reading.analysis.accuracy import (
    RocData,
    area_comparisons,
    area_rows,
    multi_reader_rows,
    roc_data,
)
from crosscontrast.reading.analysis.answers import StudyAnswer
from crosscontrast.reading.analysis.marks import mark_rows
from crosscontrast.reading.analysis.measures import Measure, measures_of
from crosscontrast.reading.analysis.ratings import (
    Table,
    agreements,
    comparisons,
    distributions,
    repeats,
    summaries,
)
from crosscontrast.reading.analysis.rows import Row
from crosscontrast.reading.analysis.turing import turing_rows
from crosscontrast.reading.plan import Plan
from crosscontrast.statistics.paired import smallest_p


@dataclass(frozen=True)
class Results:
    """The rows of every table by its name, the measures and ROC data behind them, and what a reader must know."""

    tables: dict[str, list[Row]]
    measures: list[Measure]
    rocs: list[RocData]
    table: Table
    remarks: list[str]


def analyse(plan: Plan, answers: Sequence[StudyAnswer], progress: Progress, resamples: int = 1000) -> Results:
    """Compute everything; raises :class:`BadInputError` where no reading that counts has been answered."""
    counted = [answer for answer in answers if not answer.training]
    if not counted:
        raise BadInputError(f"The study {plan.study.title!r} has no answers yet besides training.")
    table = Table(
        answers=counted,
        cases=tuple(case.name for case in plan.cases if not case.training),
        arms=tuple(arm.name for arm in plan.study.arms),
        readers=plan.study.readers,
        resamples=resamples,
    )
    measures = measures_of(plan.study)
    tables: dict[str, list[Row]] = {}
    for number, measure in enumerate(measures):
        progress(number, len(measures) + 1, measure.id)
        for name, function in (
            ("distributions", distributions),
            ("medians", summaries),
            ("comparisons", comparisons),
            ("agreement", agreements),
            ("repeats", repeats),
        ):
            tables.setdefault(name, []).extend(function(table, measure))
    progress(len(measures), len(measures) + 1, "accuracy")
    rocs = list(roc_data(plan, table, measures))
    tables["turing"] = list(turing_rows(plan.study, table))
    tables["marks"] = list(mark_rows(plan.study, table))
    tables["areas"] = [row for data in rocs for row in area_rows(data)]
    tables["area_comparisons"] = [row for data in rocs for row in area_comparisons(data)]
    several = [multi_reader_rows(data) for data in rocs]
    tables["multi_reader"] = [row for rows, _ in several for row in rows]
    remarks = [*_remarks(plan, answers, table), *(note for _, notes in several for note in notes)]
    return Results(tables, measures, rocs, table, remarks)


def _remarks(plan: Plan, answers: Sequence[StudyAnswer], table: Table) -> list[str]:
    found = []
    if len(answers) < len(plan.readings):
        found.append(f"The study is not finished: {len(answers)} of {len(plan.readings)} readings are answered.")
    if len(table.cases) < 6 and len(table.arms) > 1:
        found.append(
            f"With {len(table.cases)} cases a comparison of two arms cannot reach a p value below "
            f"{smallest_p(len(table.cases)):.2g}, whatever the readers saw."
        )
    if plan.study.design == "split-plot":
        found.append("In a split-plot design readers of different blocks share no case, so agreement is within blocks.")
    return found
