"""Writing the results of a study: tables, iMRMC files and the report, all at once."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crosscontrast.ground.files import staging_folder
from crosscontrast.ground.provenance import FileRecord, Provenance
from crosscontrast.reading.analysis.answers import StudyAnswer
from crosscontrast.reading.analysis.imrmc import imrmc_text
from crosscontrast.reading.analysis.report import write_report
from crosscontrast.reading.analysis.results import Results
from crosscontrast.reading.plan import PLAN_FILE, Plan
from crosscontrast.reading.sitting import date_text

_AUDIT = ("number", "time", "reader", "event", "reading", "detail")
REPORT, SIDECAR = "report.html", "report.json"


def write_results(
    plan: Plan,
    answers: Sequence[StudyAnswer],
    events: Sequence[dict[str, Any]],
    results: Results,
    folder: Path,
    out: Path,
) -> list[Path]:
    """Write everything, the audit log ``events`` too, into ``out`` and return the files.

    Raises :class:`crosscontrast.errors.OutputError`.
    """
    with staging_folder(out) as staging:
        _write_tsv(staging / "answers.tsv", _answer_columns(plan), (_answer_row(plan, answer) for answer in answers))
        _write_tsv(staging / "audit.tsv", _AUDIT, ([_audit_cell(event, c) for c in _AUDIT] for event in events))
        for name, rows in results.tables.items():
            if rows:
                columns = list(type(rows[0]).model_fields)
                _write_tsv(staging / f"{name}.tsv", columns, ([getattr(row, c) for c in columns] for row in rows))
        for data in results.rocs:
            (staging / f"{data.question}.imrmc").write_text(imrmc_text(data, results.table.cases), encoding="utf-8")
        write_report(plan, results, folder, staging / REPORT)
        files = sorted(staging.iterdir())
        Provenance(
            job="reader.analyze",
            parameters={"seed": plan.study.seed, "plan": plan.fingerprint},
            inputs=[FileRecord.of(folder / PLAN_FILE)],
            outputs=[FileRecord.of(file, relative=True) for file in files],
            measures={"answers": len(answers), "readings": len(plan.readings)},
            warnings=results.remarks,
        ).write(staging / SIDECAR)
        names = [file.name for file in files] + [SIDECAR]
    return [out / name for name in names]


def _audit_cell(event: dict[str, Any], column: str) -> Any:
    return date_text(event[column]) if column == "time" else event[column]


def _answer_columns(plan: Plan) -> list[str]:
    fixed = ["reader", "session", "place", "case", "arm", "copy", "training", "positive"]
    return [*fixed, *(question.id for question in plan.study.questions), "seconds", "paused_seconds", "answered"]


def _answer_row(plan: Plan, answer: StudyAnswer) -> list[Any]:
    positive = {case.name: case.positive for case in plan.cases}[answer.case]
    fixed = [answer.reader, answer.session, answer.place, answer.case, answer.arm, answer.copy, answer.training]
    values = [answer.values.get(question.id) for question in plan.study.questions]
    return [*fixed, positive, *values, answer.seconds, answer.paused_seconds, date_text(answer.answered)]


def _write_tsv(path: Path, columns: Sequence[str], rows: Any) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(value) for value in row] for row in rows)


def _text(value: object) -> str:
    """Write a value as BIDS does; line breaks and tabs of free text would break the table."""
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return " ".join(str(value).split())
