"""Prediction from one arm by one model, as a job."""

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.outcome.settings import ModelName, OutcomeSettings


class ArmScores(JobResult):
    """The held-out scores of every visit, in the order of ``visits`` of the job, for each repeat of the folds."""

    scores: list[list[float]]


class ScoreArm(Job):
    """Score every visit by models of one arm that never saw its subject.

    ``features`` is our table; ``visits`` are (subject, session), with their ``truth``, and ``times`` (for Cox's model)
    and ``batches``, which may be empty.
    """

    kind: ClassVar[str] = "radiomics.outcome-arm"

    arm: str
    model: ModelName | Literal["cox"]
    features: Path
    cohort: Path
    visits: tuple[tuple[str, str], ...]
    truth: tuple[bool, ...]
    times: tuple[float, ...] = ()
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
        from crosscontrast.radiomics.extraction.read_table import read_features
        from crosscontrast.radiomics.outcome.cox import cox_scorer
        from crosscontrast.radiomics.outcome.samples import Arm, design
        from crosscontrast.radiomics.outcome.tabular import tabular_scorer

        values, _ = design(read_features(self.features), Arm(self.arm), self.visits)
        if not _any_varies(values):
            raise BadInputError(f"No feature of the arm {self.arm!r} varies over the {len(values)} images.")
        names = sorted(set(self.batches))
        batches = np.array([names.index(b) for b in self.batches], float) if self.batches else None
        if self.model == "cox":
            return cox_scorer(values, truth, np.array(self.times), subjects, self.settings, batches)
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


def _any_varies(values: np.ndarray) -> bool:
    """Tell whether a column of rows x features has two different known values."""
    return any(len(np.unique(column[np.isfinite(column)])) > 1 for column in values.T)
