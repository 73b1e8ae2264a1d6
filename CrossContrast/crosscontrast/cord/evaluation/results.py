"""What an evaluation leaves in its folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosscontrast.cord.evaluation.measures import POSITION_MEASURES, SUBJECT_MEASURES, CaseScores, SubjectScores
from crosscontrast.cord.evaluation.region import Region
from crosscontrast.cord.evaluation.report import Findings, write_report
from crosscontrast.cord.evaluation.subjects import per_subject
from crosscontrast.cord.evaluation.summary import Summary, summarise
from crosscontrast.cord.evaluation.tables import write_tsv
from crosscontrast.ground.files import staging_folder
from crosscontrast.ground.provenance import FileRecord, Provenance

_MEASURED = [*(name for name in SUBJECT_MEASURES if name != "csa_sd_mm2"), *POSITION_MEASURES]
CASE_COLUMNS = [
    *("subject", "session", "contrast", "method", "status", "reason", "reused", "slices"),
    *("csa_mm2", "reference_csa_mm2", *_MEASURED),
]
SUBJECT_COLUMNS = ["method", "subject", "contrasts", "csa_mean_mm2", "csa_sd_mm2", *_MEASURED]


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
    with staging_folder(files.folder) as folder:
        staged = ResultFiles(folder)
        write_tsv(conclusion.cases, staged.cases, CASE_COLUMNS)
        write_tsv(conclusion.subjects, staged.subjects, SUBJECT_COLUMNS)
        findings = Findings(title, lead, conclusion.cases, conclusion.subjects, conclusion.summary, dict(pictures))
        write_report(findings, staged.report)
        Provenance(
            job=job,
            parameters=dict(parameters),
            inputs=[FileRecord.of(path) for path in inputs],
            outputs=[FileRecord.of(path, relative=True) for path in (staged.cases, staged.subjects, staged.report)],
            measures=conclusion.summary.model_dump(mode="json", exclude={"remarks"}),
            warnings=conclusion.summary.remarks,
        ).write(staged.summary)
