"""The evaluation as jobs: one per image and method, and the whole of a cohort."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from crosscontrast.cord.evaluation.measures import CaseName, CaseScores
from crosscontrast.cord.evaluation.plan import Method, PlannedCase, file_name, plan_cases
from crosscontrast.cord.evaluation.region import Region
from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, read_cohort
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.mapping import map_jobs
from crosscontrast.progress import Progress, part

if TYPE_CHECKING:
    from crosscontrast.cord.evaluation.results import ResultFiles

#: What the reference masks are called where they are compared like a method.
REFERENCE = "reference mask"


class EvaluatedCase(JobResult):
    """What was measured of a case, and the picture of its segmentation (``None`` for a mask)."""

    scores: CaseScores
    overlay: Path | None = None


class EvaluateCase(Job):
    """Segment one image, unless that was done before, and measure it; without ``model`` the mask itself is measured.

    The segmentation appears as ``<stem>_softseg.nii.gz`` with overlay and sidecar in ``out``.
    """

    kind: ClassVar[str] = "cord.evaluate-case"

    case: CaseName
    image: Path
    mask: Path | None
    model: str | None
    library: Path | None
    region: Region
    levels: Path | None
    discs: Path | None
    out: Path
    stem: str
    device: str
    overlay: bool = True

    def run(self, progress: Progress) -> EvaluatedCase:
        """Segment and measure; see :mod:`crosscontrast.cord.evaluation.score`."""
        from crosscontrast.cord.evaluation.score import Ruler, score
        from crosscontrast.cord.evaluation.segmentation import SegmentationRequest, segment_once
        from crosscontrast.cord.outputs import SegmentationFiles
        from crosscontrast.ground.case import our_warnings
        from crosscontrast.ground.images import read_image

        files = SegmentationFiles(self.out, self.stem)
        with our_warnings() as said:
            mask = read_image(self.mask) if self.mask else None
            ruler = Ruler(self.region, self.levels, self.discs)
            if self.model:
                request = SegmentationRequest(self.image, files, self.model, self.library, self.device, self.overlay)
                found = segment_once(request, part(progress, 0, 0.8))
                measured = score(found.soft, mask, ruler, missing=found.missing) | {"reused": found.reused}
            else:
                assert mask is not None
                measured = score(mask, None, ruler)
        progress(1, 1, "done")
        return EvaluatedCase(
            scores=CaseScores(**self.case.model_dump(), **measured),
            overlay=files.overlay if self.overlay and files.overlay.exists() else None,
            warnings=said,
        )


@dataclass(frozen=True)
class Settings:
    """How cases are evaluated; segmentations go to ``out``/segmentations, models come from ``library``.

    Drawing ``overlays`` takes longer than segmenting a small image.
    """

    out: Path
    region: Region
    library: Path | None = None
    device: str = "auto"
    workers: int = 1
    scheduler: str | None = None
    overlays: bool = True


@dataclass(frozen=True)
class Evaluated:
    """The lines of the table of cases, the overlays by caption, and what was unusual about the images."""

    cases: list[CaseScores] = field(default_factory=list)
    pictures: dict[str, Path] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def evaluate_cases(cohort: Cohort, methods: Sequence[Method], settings: Settings, progress: Progress) -> Evaluated:
    """Evaluate every image by every method; a case that fails is a line with its reason.

    Raises what :func:`plan_cases` raises before anything is done.
    """
    jobs = [_job(case, settings) for case in plan_cases(cohort, methods, settings.region)]
    evaluated = Evaluated()
    outcomes = map_jobs(jobs, workers=settings.workers, scheduler=settings.scheduler, progress=progress)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome.result, EvaluatedCase):
            evaluated.cases.append(outcome.result.scores)
            # Every method reads the same image, and its oddities are told once.
            evaluated.warnings.extend(w for w in outcome.result.warnings if w not in evaluated.warnings)
            if outcome.result.overlay:
                evaluated.pictures[f"{job.stem}, {job.case.method}"] = outcome.result.overlay
        elif outcome.error:
            scores = CaseScores(**job.case.model_dump(), status="failed", reason=outcome.error.message)
            evaluated.cases.append(scores)
    return evaluated


def _job(case: PlannedCase, settings: Settings) -> EvaluateCase:
    row, method = case.row, case.method
    return EvaluateCase(
        case=CaseName(subject=row.subject, session=row.session, contrast=row.role, method=method.name),
        image=row.image,
        mask=row.mask,
        model=method.model_for(row),
        library=settings.library,
        region=settings.region,
        levels=case.levels,
        discs=case.discs,
        out=settings.out / "segmentations" / file_name(method.name),
        stem=case.stem,
        device=settings.device,
        overlay=settings.overlays,
    )


class EvaluationResult(JobResult):
    """The files, and how many cases were measured, had been segmented before, and failed."""

    report: Path
    cases_table: Path
    subjects_table: Path
    summary: Path
    cases: int
    reused: int
    failed: int


class EvaluateCohort(Job):
    """Segment all images of a cohort table by several models and compare them; see :class:`EvaluationResult`.

    ``reference_mask`` treats the table's masks as one more method, so that the spread of their areas can be seen.
    """

    kind: ClassVar[str] = "cord.evaluate"

    cohort: Path
    out: Path
    models: tuple[str, ...] = ("softcord",)
    reference_mask: bool = False
    region: Region = Region()
    device: str = "auto"
    workers: int = 1
    scheduler: str | None = None

    def run(self, progress: Progress) -> EvaluationResult:
        """Evaluate all cases and write the tables and the report."""
        from crosscontrast.cord.evaluation.results import ResultFiles, conclude, write_results
        from crosscontrast.ground.device import check_device_name
        from crosscontrast.ground.files import make_folder

        check_device_name(self.device)
        cohort = read_cohort(self.cohort)
        methods = self._methods(cohort)
        settings = Settings(
            out=self.out.resolve(),
            region=self.region,
            device=self.device,
            workers=self.workers,
            scheduler=self.scheduler,
        )
        plan_cases(cohort, methods, self.region)
        files = ResultFiles(make_folder(self.out))
        evaluated = evaluate_cases(cohort, methods, settings, part(progress, 0, 0.95))
        progress(0.95, 1, "writing the report")
        conclusion = conclude(evaluated.cases, self.region)
        extent = f"{len(cohort.subjects())} subjects, {len(cohort.rows)} images"
        write_results(
            files,
            conclusion,
            job=self.kind,
            parameters=self.model_dump(mode="json", exclude={"out", "workers", "scheduler"}),
            inputs=[self.cohort],
            title="Cord area across contrasts",
            lead=[f"{extent} of {self.cohort.name}; area over {self.region}."],
            pictures=evaluated.pictures,
        )
        progress(1, 1, "done")
        return evaluation_result(files, evaluated)

    def _methods(self, cohort: Cohort) -> list[Method]:
        from crosscontrast.models.find import find_model

        entries = [find_model(model, "segmentation") for model in self.models]
        names = [str(entry) for entry in entries]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise BadInputError(f"The model {', '.join(sorted(twice))} is given twice.")
        if self.reference_mask and not any(row.mask for row in cohort.rows):
            raise BadInputError(f"{self.cohort} has no mask, so there is no reference mask to compare.")
        methods = [Method(str(entry), model=entry.request) for entry in entries]
        return [*methods, Method(REFERENCE)] if self.reference_mask else methods


def evaluation_result(files: "ResultFiles", evaluated: Evaluated) -> EvaluationResult:
    """Say where the results are and how the cases went."""
    return EvaluationResult(
        report=files.report,
        cases_table=files.cases,
        subjects_table=files.subjects,
        summary=files.summary,
        cases=len(evaluated.cases),
        reused=sum(case.reused for case in evaluated.cases),
        failed=sum(case.status == "failed" for case in evaluated.cases),
        warnings=evaluated.warnings,
    )
