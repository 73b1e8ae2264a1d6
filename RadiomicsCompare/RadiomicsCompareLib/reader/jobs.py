"""The jobs of reader studies."""

from pathlib import Path
from typing import ClassVar

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
