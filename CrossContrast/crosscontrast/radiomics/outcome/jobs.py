"""Prediction as jobs: one per arm and model, and the whole."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.ground.tables import TableWriter
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.mapping import map_jobs
from crosscontrast.progress import Progress, part
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.outcome.settings import ModelName, OutcomeSettings
from crosscontrast.radiomics.outcome.summary import ArmTest, Performance

if TYPE_CHECKING:
    from crosscontrast.radiomics.extraction.table import FeatureTable
    from crosscontrast.radiomics.outcome.report import Prediction
    from crosscontrast.radiomics.outcome.samples import Arm, Labels

_FEW = 50


class ArmScores(JobResult):
    """The held-out score of every visit, in the order of ``visits`` of the job."""

    scores: list[float]


class ScoreArm(Job):
    """Score every visit by models of one arm that never saw its subject.

    ``features`` is our table; ``visits`` are (subject, session), with their ``truth`` and ``batches`` (may be empty).
    """

    kind: ClassVar[str] = "radiomics.outcome-arm"

    arm: str
    model: ModelName
    features: Path
    cohort: Path
    visits: tuple[tuple[str, str], ...]
    truth: tuple[bool, ...]
    batches: tuple[str, ...] = ()
    settings: OutcomeSettings = OutcomeSettings()
    extraction: ExtractionSettings = ExtractionSettings()
    device: str = "cpu"

    def run(self, progress: Progress) -> ArmScores:
        """Train in every fold and score what was held out."""
        from crosscontrast.radiomics.outcome.folds import held_out_scores

        truth = np.array(self.truth)
        subjects = [subject for subject, _ in self.visits]
        scorer = self._cnn(truth, subjects) if self.model == "cnn" else self._tabular(truth, subjects)
        scores = held_out_scores(
            scorer,
            truth,
            subjects,
            folds=self.settings.folds,
            repeats=self.settings.repeats,
            seed=self.settings.seed,
            report=lambda done, total, message: progress(done, total, f"{self.arm}, {self.model}: {message}"),
        )
        return ArmScores(scores=scores.tolist())

    def _tabular(self, truth, subjects):  # type: ignore[no-untyped-def]
        from crosscontrast.radiomics.extraction.table import read_features
        from crosscontrast.radiomics.outcome.samples import Arm, design
        from crosscontrast.radiomics.outcome.tabular import tabular_scorer

        values, _ = design(read_features(self.features), Arm(self.arm), self.visits)
        if not _any_varies(values):
            raise BadInputError(f"No feature of the arm {self.arm!r} varies over the {len(values)} images.")
        names = sorted(set(self.batches))
        batches = np.array([names.index(b) for b in self.batches], float) if self.batches else None
        return tabular_scorer(self.model, values, truth, subjects, self.settings, batches)

    def _cnn(self, truth, subjects):  # type: ignore[no-untyped-def]
        from crosscontrast.ground.cohort import read_cohort
        from crosscontrast.radiomics.outcome.cnn import cnn_scorer, read_cubes
        from crosscontrast.radiomics.outcome.samples import Arm, images_of

        images = images_of(read_cohort(self.cohort), Arm(self.arm), self.visits)
        cubes = read_cubes(
            images,
            label=self.extraction.label,
            threshold=self.extraction.threshold,
            size=self.settings.cube,
            resample=self.extraction.resample_masks,
        )
        return cnn_scorer(cubes, truth, subjects, self.settings, self.device)


class Predicted(JobResult):
    """The files and what was found."""

    report: Path
    predictions: Path
    features: Path
    summary: Path
    performances: list[Performance]
    tests: list[ArmTest]
    images: int
    failed: int


class PredictOutcome(Job):
    """Predict a column of a cohort from the features of several arms, and compare the arms.

    ``arms`` are roles, or several joined by "+", as in ``us+synthetic``. ``batch`` names a column whose values are
    batches to be removed by ComBat. Writes ``predictions.tsv``, ``outcome.json``, ``features.tsv`` and ``report.html``.
    """

    kind: ClassVar[str] = "radiomics.outcome"

    cohort: Path
    outcome: str
    arms: tuple[str, ...]
    out: Path
    positive: str | None = None
    batch: str | None = None
    extraction: ExtractionSettings = ExtractionSettings()
    settings: OutcomeSettings = OutcomeSettings()
    features: Path | None = None
    cache: Path | None = None
    device: str = "cpu"
    workers: int = 1
    scheduler: str | None = None

    def run(self, progress: Progress) -> Predicted:
        """Extract, train, compare and write."""
        from crosscontrast.ground.cohort import read_cohort
        from crosscontrast.ground.files import make_folder
        from crosscontrast.radiomics.extraction.table import write_features
        from crosscontrast.radiomics.outcome.samples import Arm, check_classes, common_visits, read_labels

        # The CNN looks at the images; the other models need nothing but their features.
        cohort = read_cohort(self.cohort, files=self.features is None or "cnn" in self.settings.models)
        arms = [Arm(name) for name in self.arms]
        self._check(arms)
        labels = read_labels(cohort, self.outcome, self.positive)
        check_classes(labels, self.settings.folds, str(self.cohort))
        table, remarks = self._table(arms, part(progress, 0, 0.4))
        table.require_features(self.features or self.cohort)
        chosen = labels.keep(common_visits(table, labels, arms))
        check_classes(chosen, self.settings.folds, str(self.cohort))
        remarks += _remarks(labels, chosen)
        batches = self._batches(cohort, chosen)
        make_folder(self.out)
        write_features(table, self.out / "features.tsv")
        scores = self._scores(chosen, batches, part(progress, 0.4, 0.95))
        progress(0.95, 1, "writing the report")
        prediction = self._conclude(chosen, scores, remarks, len(table.names))
        return self._write(prediction, table)

    def _check(self, arms: "list[Arm]") -> None:
        if not arms or len({arm.name for arm in arms}) < len(arms):
            raise BadInputError("Give arms that differ from each other.")
        unnamed = next((arm.name for arm in arms if not all(arm.roles)), None)
        if unnamed is not None:
            raise BadInputError(f"The arm {unnamed!r} has an empty place beside its +.")

    def _table(self, arms: "list[Arm]", progress: Progress) -> "tuple[FeatureTable, list[str]]":
        from crosscontrast.radiomics.extraction.jobs import cohort_rows, extract_rows
        from crosscontrast.radiomics.extraction.table import read_features

        roles = tuple(dict.fromkeys(role for arm in arms for role in arm.roles))
        if self.features:
            table = read_features(self.features)
            absent = [role for role in roles if role not in table.roles]
            if absent:
                raise BadInputError(f"{self.features} has no image of role {', '.join(absent)}.")
            return table, []
        rows = cohort_rows(self.cohort, roles)
        cache = self.cache or self.out / "cache"
        table, _, remarks = extract_rows(rows, self.extraction, cache, self.workers, self.scheduler, progress)
        return table, remarks

    def _batches(self, cohort, labels: "Labels") -> tuple[str, ...]:  # type: ignore[no-untyped-def]
        if self.batch is None:
            return ()
        found: dict[tuple[str, str], str] = {}
        for row in cohort.rows:
            value = row.outcomes.get(self.batch, "")
            if value and found.setdefault((row.subject, row.session), value) != value:
                raise BadInputError(
                    f"{self.cohort}: {row.subject} {row.session} has two values in {self.batch!r}: a batch belongs to "
                    "a visit, never to the kind of image, or ComBat would remove what is to be measured."
                )
        missing = [visit for visit in labels.visits if visit not in found]
        if missing:
            raise BadInputError(f"{self.cohort}: {' '.join(missing[0]).strip()} has no value in column {self.batch!r}.")
        return tuple(found[visit] for visit in labels.visits)

    def _scores(
        self, labels: "Labels", batches: tuple[str, ...], progress: Progress
    ) -> dict[tuple[str, str], np.ndarray]:
        jobs = [
            ScoreArm(
                arm=arm,
                model=model,
                features=(self.out / "features.tsv").resolve(),
                cohort=self.cohort.resolve(),
                visits=tuple(labels.visits),
                truth=tuple(map(bool, labels.truth)),
                batches=batches,
                settings=self.settings,
                extraction=self.extraction,
                device=self.device,
            )
            for model in self.settings.models
            for arm in self.arms
        ]
        found: dict[tuple[str, str], np.ndarray] = {}
        outcomes = map_jobs(jobs, workers=self.workers, scheduler=self.scheduler, progress=progress)
        for job, outcome in zip(jobs, outcomes, strict=True):
            if outcome.error:
                raise outcome.error
            assert isinstance(outcome.result, ArmScores)
            found[job.arm, job.model] = np.array(outcome.result.scores)
        return found

    def _conclude(
        self, labels: "Labels", scores: dict[tuple[str, str], np.ndarray], remarks: list[str], features: int
    ) -> "Prediction":
        from crosscontrast.radiomics.checklists import extraction_answers, outcome_answers
        from crosscontrast.radiomics.extraction.backend import backend_version
        from crosscontrast.radiomics.outcome.report import Prediction
        from crosscontrast.radiomics.outcome.summary import compare_arms, performance

        draws = (labels.truth, labels.subjects, self.settings.resamples, self.settings.seed)
        performances = [performance(arm, model, values, *draws) for (arm, model), values in scores.items()]
        tests = compare_arms(scores, *draws)
        subjects, chosen = len(set(labels.subjects)), self.settings
        answers = outcome_answers(subjects, chosen.folds, chosen.repeats, chosen.models, self.batch, features)
        if not self.features:
            backend = backend_version(self.extraction.backend)
            answers = [*extraction_answers(self.extraction, backend, features, moved_contours=0), *answers]
        return Prediction(self.outcome, labels, self.settings, scores, performances, tests, remarks, answers)

    def _write(self, prediction: "Prediction", table: "FeatureTable") -> Predicted:
        from crosscontrast.ground.case import write_results
        from crosscontrast.ground.provenance import FileRecord, Provenance
        from crosscontrast.radiomics.checklists import write_checklists
        from crosscontrast.radiomics.outcome.report import write_report

        provenance = Provenance(
            job=self.kind,
            parameters=self.model_dump(mode="json", exclude={"out", "workers", "scheduler", "cache"}),
            inputs=[FileRecord.of(path) for path in (self.cohort, self.features) if path],
            measures={
                "performance": [p.model_dump() for p in prediction.performances],
                "tests": [t.model_dump() for t in prediction.tests],
            },
            warnings=list(prediction.remarks),
        )
        with write_results(self.out, "outcome.json", provenance) as results:
            _write_predictions(prediction, results.place("predictions.tsv"))
            write_report(prediction, results.place("report.html"))
            write_checklists(prediction.answers, results.place("checklists.tsv"))
        return Predicted(
            report=self.out / "report.html",
            predictions=self.out / "predictions.tsv",
            features=self.out / "features.tsv",
            summary=self.out / "outcome.json",
            performances=list(prediction.performances),
            tests=list(prediction.tests),
            images=len(table.rows),
            failed=sum(not row.done for row in table.rows),
            warnings=list(prediction.remarks),
        )


def _any_varies(values: np.ndarray) -> bool:
    """Tell whether a column of rows x features has two different known values."""
    return any(len(np.unique(column[np.isfinite(column)])) > 1 for column in values.T)


def _remarks(labels: "Labels", chosen: "Labels") -> list[str]:
    remarks = []
    lost = len(labels.visits) - len(chosen.visits)
    if lost:
        remarks.append(
            f"{lost} of {len(labels.visits)} visits with an outcome lack an image of an arm and are left out."
        )
    subjects = len(set(chosen.subjects))
    if subjects < _FEW:
        remarks.append(f"With {subjects} subjects an AUC is uncertain by 0.1 and more; see the intervals.")
    return remarks


def _write_predictions(prediction: "Prediction", path: Path) -> None:
    from crosscontrast.ground.files import atomic_write

    labels = prediction.labels
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = TableWriter(stream)
        writer.writerow(["subject", "session", "arm", "model", "outcome", "score"])
        for (arm, model), scores in prediction.scores.items():
            for (subject, session), truth, score in zip(labels.visits, labels.truth, scores, strict=True):
                named = labels.positive if truth else labels.negative
                writer.writerow([subject, session, arm, model, named, f"{score:.6f}"])
