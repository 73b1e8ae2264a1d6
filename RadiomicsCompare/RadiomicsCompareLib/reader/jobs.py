"""The jobs of reader studies."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from CrossContrastLib.jobs.job import Job, JobResult
from CrossContrastLib.progress import Progress


class PlanResult(JobResult):
    """The plan file, its fingerprint, and readings per arm of every reader's sessions."""

    plan: Path
    fingerprint: str
    readings: int
    sessions: list[tuple[str, int, dict[str, int], int, int]]


class PlanStudy(Job):
    """Plan the reader study that ``study`` (a YAML file) describes and blind its images into the folder ``out``."""

    kind: ClassVar[str] = "reader.plan"

    study: Path
    out: Path

    def run(self, progress: Progress) -> PlanResult:
        """Read, assign, blind and write."""
        import warnings

        from CrossContrastLib.ground.images import ImageWarning
        from RadiomicsCompareLib.reader.balance import counts
        from RadiomicsCompareLib.reader.plan import PLAN_FILE, slots_of
        from RadiomicsCompareLib.reader.prepare import prepare_study
        from RadiomicsCompareLib.reader.study import read_study

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ImageWarning)
            plan = prepare_study(read_study(self.study), self.out, progress)
        return PlanResult(
            plan=self.out / PLAN_FILE,
            fingerprint=plan.fingerprint,
            readings=len(plan.readings),
            sessions=counts(plan.study, slots_of(plan)),
            warnings=[str(w.message) for w in caught if issubclass(w.category, ImageWarning)],
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
        from CrossContrastLib.ground.files import make_folder
        from CrossContrastLib.progress import part
        from RadiomicsCompareLib.reader.analysis.answers import join_answers
        from RadiomicsCompareLib.reader.analysis.results import analyse
        from RadiomicsCompareLib.reader.analysis.write import REPORT, write_results
        from RadiomicsCompareLib.reader.folder import open_study

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
