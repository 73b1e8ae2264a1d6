"""The jobs of reader studies."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress


class PlanResult(JobResult):
    """The plan file, its fingerprint, and readings per arm of every reader's sessions."""

    plan: Path
    fingerprint: str
    readings: int
    sessions: list[tuple[str, int, dict[str, int], int, int]]


class PlanStudy(Job):
    """Plan the reader study that ``study`` (a YAML file) describes and blind its images into the folder ``out``.

    Cases that do not fit together are refused unless ``force`` (:func:`crosscontrast.reading.checks.check_cases`).
    """

    kind: ClassVar[str] = "reader.plan"

    study: Path
    out: Path
    force: bool = False

    def run(self, progress: Progress) -> PlanResult:
        """Read, assign, blind and write."""
        from crosscontrast.ground.case import our_warnings
        from crosscontrast.reading.balance import counts
        from crosscontrast.reading.plan import PLAN_FILE, slots_of
        from crosscontrast.reading.prepare import prepare_study
        from crosscontrast.reading.study import read_study

        found: list[str] = []
        with our_warnings() as said:
            plan = prepare_study(read_study(self.study), self.out, progress, force=self.force, tell=found.append)
        return PlanResult(
            plan=self.out / PLAN_FILE,
            fingerprint=plan.fingerprint,
            readings=len(plan.readings),
            sessions=counts(plan.study, slots_of(plan)),
            warnings=[*found, *said],
        )


class AnalysisResult(JobResult):
    """The report and all files beside it, and how much of the study is done."""

    report: Path
    files: list[Path]
    answers: int
    readings: int


class AnalyzeStudy(Job):
    """Analyse the answers of the study folder ``study`` into the folder ``out``.

    ``database`` is the SQLAlchemy URL of the answers, by default the SQLite file in the study folder;
    ``resamples`` the number of bootstrap samples behind every interval.
    """

    kind: ClassVar[str] = "reader.analyze"

    study: Path
    out: Path
    database: str | None = None
    resamples: Annotated[int, Field(ge=100)] = 1000

    def run(self, progress: Progress) -> AnalysisResult:
        """Read plan and answers, compute and write."""
        from crosscontrast.ground.files import make_folder
        from crosscontrast.progress import part
        from crosscontrast.reading.analysis.answers import join_answers
        from crosscontrast.reading.analysis.results import analyse
        from crosscontrast.reading.analysis.write import REPORT, write_results
        from crosscontrast.reading.folder import open_study

        plan, store = open_study(self.study, self.database)
        answers, events = join_answers(plan, store.all_answers()), store.events()
        store.close()
        results = analyse(plan, answers, part(progress, 0, 0.9), self.resamples)
        files = write_results(plan, answers, events, results, self.study, make_folder(self.out))
        progress(1, 1, "done")
        return AnalysisResult(
            report=self.out / REPORT,
            files=files,
            answers=len(answers),
            readings=len(plan.readings),
            warnings=results.remarks,
        )
