"""The prediction of an outcome as a job."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from crosscontrast.errors import BadInputError
from crosscontrast.ground.tables import TableWriter
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.mapping import map_jobs
from crosscontrast.progress import Progress, part
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.outcome.arm import ArmScores, ScoreArm
from crosscontrast.radiomics.outcome.settings import ModelName, OutcomeSettings
from crosscontrast.radiomics.outcome.summary import ArmTest, Performance
from crosscontrast.radiomics.outcome.survival import SurvivalPerformance

if TYPE_CHECKING:
    from crosscontrast.ground.cohort import Cohort
    from crosscontrast.radiomics.extraction.table import FeatureTable
    from crosscontrast.radiomics.outcome.report import Prediction
    from crosscontrast.radiomics.outcome.samples import Arm, Labels

_FEW = 50


class Predicted(JobResult):
    """The files and what was found."""

    report: Path
    predictions: Path
    features: Path
    summary: Path
    performances: list[Performance]
    tests: list[ArmTest]
    survival: list[SurvivalPerformance] = Field(default=[])
    positive: str
    images: int
    failed: int


class PredictOutcome(Job):
    """Predict a column of a cohort from the features of several arms, and compare the arms.

    ``arms`` are roles, or several joined by "+", as in ``us+synthetic``. ``batch`` names a column whose values are
    batches to be removed by ComBat. ``positive`` may be left out where it is obvious. With ``time``, a column of
    numbers, the outcome is an event (the positive class) at that time, and Cox's model is fitted instead of those that
    the settings name. A cohort that does not fit together is refused unless ``force``. Writes ``predictions.tsv``,
    ``outcome.json``, ``features.tsv`` and ``report.html``.
    """

    kind: ClassVar[str] = "radiomics.outcome"

    cohort: Path
    outcome: str
    arms: tuple[str, ...]
    out: Path
    positive: str | None = None
    batch: str | None = None
    time: str | None = None
    force: bool = False
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
        from crosscontrast.radiomics.outcome.batches import read_batches
        from crosscontrast.radiomics.outcome.cox import require_statsmodels
        from crosscontrast.radiomics.outcome.samples import Arm, check_classes, common_visits, read_labels

        # The CNN looks at the images; the other models need nothing but their features.
        cohort = read_cohort(self.cohort, files=self.features is None or "cnn" in self.settings.models)
        arms = [Arm(name) for name in self.arms]
        self._check(arms)
        labels = read_labels(cohort, self.outcome, self.positive, self.time)
        if self.time:
            require_statsmodels()
        check_classes(labels, self.settings.folds, str(self.cohort))
        if self.batch:
            read_batches(cohort, self.batch, labels)  # what is wrong is said before any work
        table, remarks = self._table(cohort, labels, arms, part(progress, 0, 0.4))
        table.require_features(self.features or self.cohort)
        chosen = labels.keep(common_visits(table, labels, arms))
        check_classes(chosen, self.settings.folds, str(self.cohort))
        remarks = [*_remarks(labels, chosen), *remarks]
        batches = read_batches(cohort, self.batch, chosen) if self.batch else ()
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

    def _table(
        self, cohort: "Cohort", labels: "Labels", arms: "list[Arm]", progress: Progress
    ) -> "tuple[FeatureTable, list[str]]":
        """Return the features, and what is unusual about them; only visits with an outcome need every arm."""
        from crosscontrast.ground.consistency import Findings, incomplete
        from crosscontrast.radiomics.extraction.jobs import check_rows, cohort_rows, extract_rows
        from crosscontrast.radiomics.extraction.read_table import read_features
        from crosscontrast.radiomics.extraction.table import without_partner

        roles = tuple(dict.fromkeys(role for arm in arms for role in arm.roles))
        if self.features:
            others = {name for row in cohort.rows for name in row.outcomes}
            table = read_features(self.features, cohort.rows, leave_out=others)
            absent = [role for role in roles if role not in table.roles]
            if absent:
                raise BadInputError(f"{self.features} has no image of role {', '.join(absent)}.")
            lacking = without_partner(table, roles, set(labels.visits))
            return table, [*table.remarks(self.features), *Findings(lacking).settle(self.features, force=self.force)]
        rows = [row for row in cohort_rows(self.cohort, roles) if (row.subject, row.session) in set(labels.visits)]
        said = Findings(incomplete(rows, roles)).settle(self.cohort, force=self.force)
        said += check_rows(rows, self.extraction, self.cohort, force=self.force, progress=part(progress, 0, 0.2))
        cache = self.cache or self.out / "cache"
        to_do = (self.extraction, cache, self.workers, self.scheduler, part(progress, 0.2, 1))
        table, _, remarks = extract_rows(rows, *to_do)
        return table, [*said, *remarks]

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
                times=() if labels.times is None else tuple(map(float, labels.times)),
                batches=batches,
                settings=self.settings,
                extraction=self.extraction,
                device=self.device,
            )
            for model in self._models
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
        from crosscontrast.radiomics.outcome.survival import compare_survival, survival_performance

        folds = (labels.truth, labels.subjects, self.settings.seed, self.settings.folds)
        means = {key: values.mean(0) for key, values in scores.items()}
        performances, survival = [], []
        if labels.times is None:
            performances = [performance(arm, model, values, *folds) for (arm, model), values in scores.items()]
            tests = compare_arms(scores, *folds)
        else:
            draws = (labels.times, labels.truth, labels.subjects, self.settings.resamples, self.settings.seed)
            survival = [survival_performance(arm, found, *draws) for (arm, _), found in means.items()]
            tests = compare_survival(means, *draws)
        subjects, chosen = len(set(labels.subjects)), self.settings
        answers = outcome_answers(
            subjects, chosen.folds, chosen.repeats, self._models, self.batch, features, timed=bool(self.time)
        )
        if not self.features:
            backend = backend_version(self.extraction.backend)
            answers = [*extraction_answers(self.extraction, backend, features, moved_contours=0), *answers]
        return Prediction(self.outcome, labels, self.settings, means, performances, tests, remarks, answers, survival)

    @property
    def _models(self) -> tuple[ModelName | Literal["cox"], ...]:
        return ("cox",) if self.time else self.settings.models

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
                "positive": prediction.labels.positive,
                "negative": prediction.labels.negative,
                "survival": [p.model_dump() for p in prediction.survival],
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
            survival=list(prediction.survival),
            positive=prediction.labels.positive,
            images=len(table.rows),
            failed=sum(not row.done for row in table.rows),
            warnings=list(prediction.remarks),
        )


def _remarks(labels: "Labels", chosen: "Labels") -> list[str]:
    from crosscontrast.ground.consistency import name_some

    remarks = []
    if labels.missing:
        who = "1 subject" if len(labels.missing) == 1 else f"{len(labels.missing)} subjects"
        remarks.append(f"{who} without an outcome left out: {name_some(labels.missing)}.")
    lost = [visit for visit in labels.visits if visit not in set(chosen.visits)]
    if lost:
        names = name_some(" ".join(visit).strip() for visit in lost)
        remarks.append(
            f"{len(lost)} of {len(labels.visits)} visits with an outcome lack features of an arm and are left out: "
            f"{names}."
        )
    subjects = len(set(chosen.subjects))
    if subjects < _FEW:
        measure = "an AUC" if labels.times is None else "a concordance"
        remarks.append(f"With {subjects} subjects {measure} is uncertain by 0.1 and more; see the intervals.")
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
