"""What an evaluation leaves in its folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from crosscontrast.cord.evaluation.measures import POSITION_MEASURES, SUBJECT_MEASURES, CaseScores, SubjectScores
from crosscontrast.cord.evaluation.region import Region
from crosscontrast.cord.evaluation.report import Findings, write_report
from crosscontrast.cord.evaluation.subjects import per_subject
from crosscontrast.cord.evaluation.summary import Summary, summarise
from crosscontrast.ground import case
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.provenance import FileRecord, Provenance
from crosscontrast.ground.tables import TableWriter

_MEASURED = [*(name for name in SUBJECT_MEASURES if name != "csa_sd_mm2"), *POSITION_MEASURES]
CASE_COLUMNS = [
    *("subject", "session", "contrast", "method", "status", "reason", "reused", "slices"),
    *("csa_mm2", "reference_csa_mm2", *_MEASURED),
]
SUBJECT_COLUMNS = ["method", "subject", "contrasts", "csa_mean_mm2", "csa_sd_mm2", *_MEASURED]


_DECIMALS = 6


@dataclass(frozen=True)
class ResultFiles:
    """The files in ``folder``."""

    folder: Path

    @property
    def cases(self) -> Path:
        """One line per image and method."""
        return self.folder / "cases.tsv"

    @property
    def subjects(self) -> Path:
        """One line per subject and method."""
        return self.folder / "subjects.tsv"

    @property
    def report(self) -> Path:
        """The report for people."""
        return self.folder / "report.html"

    @property
    def summary(self) -> Path:
        """The summary for programs, which is the provenance of the other files too."""
        return self.folder / "summary.json"


@dataclass(frozen=True)
class Conclusion:
    """The cases and what follows from them."""

    cases: Sequence[CaseScores]
    subjects: Sequence[SubjectScores]
    summary: Summary


def conclude(cases: Sequence[CaseScores], region: Region) -> Conclusion:
    """Average the cases over subjects and the subjects over methods."""
    subjects = per_subject(cases)
    return Conclusion(cases, subjects, summarise(cases, subjects, region))


def write_results(
    files: ResultFiles,
    conclusion: Conclusion,
    *,
    job: str,
    parameters: Mapping[str, Any],
    inputs: Sequence[Path],
    title: str,
    lead: Sequence[str],
    pictures: Mapping[str, Path],
) -> None:
    """Write ``cases.tsv``, ``subjects.tsv``, ``report.html`` and ``summary.json``, all at once.

    ``lead`` are the report's first sentences, ``pictures`` overlays by caption. Earlier results are replaced. Raises
    :class:`crosscontrast.errors.OutputError`.
    """
    provenance = Provenance(
        job=job,
        parameters=dict(parameters),
        inputs=[FileRecord.of(path) for path in inputs],
        measures=conclusion.summary.model_dump(mode="json", exclude={"remarks"}),
        warnings=conclusion.summary.remarks,
    )
    with case.write_results(files.folder, files.summary, provenance) as results:
        _write_tsv(conclusion.cases, results.place(files.cases), CASE_COLUMNS)
        _write_tsv(conclusion.subjects, results.place(files.subjects), SUBJECT_COLUMNS)
        findings = Findings(title, lead, conclusion.cases, conclusion.subjects, conclusion.summary, dict(pictures))
        write_report(findings, results.place(files.report))


def _write_tsv(rows: Sequence[BaseModel], path: Path, columns: Sequence[str]) -> None:
    """Write one line per row with the fields ``columns``; missing values are ``n/a``, as in BIDS.

    Raises :class:`crosscontrast.errors.OutputError` where the file cannot be written.
    """
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = TableWriter(stream)
        writer.writerow(columns)
        writer.writerows([_text(getattr(row, column)) for column in columns] for row in rows)


def _text(value: object) -> str:
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(round(value, _DECIMALS))
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
