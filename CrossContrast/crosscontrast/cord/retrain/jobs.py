"""Retraining as a job."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from crosscontrast.cord.evaluation.jobs import Evaluated, Settings, evaluate_cases
from crosscontrast.cord.retrain.figures import Figures
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part

if TYPE_CHECKING:
    from crosscontrast.cord.retrain.files import RetrainFiles

#: Share of the work that is training; the rest is measuring.
_TRAINING = 0.9


class RetrainResult(JobResult):
    """``finished`` is False where the time was over before the training; the same job goes on.

    ``passed`` and ``reasons`` are the gate's verdict, ``model`` the candidate's name in the library if it was accepted,
    and ``candidate`` its folder otherwise. ``warnings`` are what speaks against masks themselves.
    """

    finished: bool
    passed: bool = False
    reasons: tuple[str, ...] = ()
    figures: Figures | None = None
    model: str | None = None
    candidate: Path | None = None
    report: Path | None = None


class RetrainCord(Job):
    """Retrain a cord model on a correction dataset and judge it on the frozen test subjects, in the folder ``out``.

    The same job on the same folder goes on where it was stopped. With ``accept`` a candidate that passes becomes the
    next version of ``base``; otherwise :func:`crosscontrast.cord.retrain.run.accept` can do that later. Without
    ``settings`` those of ``out``, or the defaults, hold. Where the dataset has no frozen test subjects yet, ``freeze``
    allows to draw them by lot.
    """

    kind: ClassVar[str] = "cord.retrain"

    dataset: Path
    out: Path
    base: str = "softcord"
    settings: RetrainSettings | None = None
    accept: bool = True
    freeze: bool = False
    device: str = "auto"
    workers: Annotated[int, Field(ge=1)] = 1
    max_minutes: Annotated[float, Field(gt=0)] | None = None

    def run(self, progress: Progress) -> RetrainResult:
        """Train, measure, judge, and accept or keep aside."""
        from crosscontrast.cord.retrain.figures import BASE, CANDIDATE
        from crosscontrast.cord.retrain.files import RetrainFiles
        from crosscontrast.cord.retrain.gate import doubts
        from crosscontrast.cord.retrain.material import TEST, TRAINING
        from crosscontrast.cord.retrain.run import accept, conclude, find_base, learn, prepare
        from crosscontrast.corrections.dataset import CorrectionDataset
        from crosscontrast.ground.case import our_warnings
        from crosscontrast.ground.device import check_device_name
        from crosscontrast.models.library import ModelLibrary

        began = time.monotonic()
        check_device_name(self.device)
        out, files = self.out.resolve(), RetrainFiles(self.out.resolve())
        progress(0, 1, "collecting the corrections")
        base = find_base(self.base, out, ModelLibrary())
        with our_warnings() as said:
            plan = prepare(CorrectionDataset.open(self.dataset), base, self.settings, out, freeze=self.freeze)
        whole = not files.training.exists()
        report = part(progress, 0.01, _TRAINING)
        if not learn(plan, out, device=self.device, max_minutes=self.max_minutes, progress=report):
            return RetrainResult(finished=False, candidate=None, warnings=said)
        learning = time.monotonic() - began
        progress(_TRAINING, 1, "measuring before and after")
        half = (_TRAINING + 1) / 2
        tested = self._evaluate(files, TEST, (BASE, CANDIDATE), part(progress, _TRAINING, half))
        learnt = self._evaluate(files, TRAINING, (BASE, CANDIDATE), part(progress, half, 1))
        if whole:
            _remember(out, learning, time.monotonic() - began - learning, len(plan.training) + len(plan.test))
        outcome = conclude(plan, out, tested.cases, learnt.cases, tested.pictures)
        model = outcome.model
        if self.accept and outcome.verdict.passed:
            model = str(accept(out))
        return RetrainResult(
            finished=True,
            passed=outcome.verdict.passed,
            reasons=tuple(outcome.verdict.reasons),
            figures=outcome.figures,
            model=model,
            candidate=files.candidate,
            report=files.report,
            warnings=said + doubts(outcome.figures, plan.settings.limits),
        )

    def _evaluate(self, files: "RetrainFiles", table: str, models: tuple[str, ...], progress: Progress) -> Evaluated:
        """Segment a table's images by the models and measure them; what an earlier call segmented is taken over."""
        from crosscontrast.cord.evaluation.plan import Method
        from crosscontrast.cord.evaluation.region import Region
        from crosscontrast.cord.retrain.material import TEST
        from crosscontrast.ground.cohort import read_cohort

        settings = Settings(
            out=files.evaluation if table == TEST else files.learnt,
            region=Region(),
            library=files.models,
            device=self.device,
            workers=self.workers,
            overlays=table == TEST,
        )
        methods = [Method(name, model=f"{name}@1") for name in models]
        return evaluate_cases(read_cohort(files.folder / table), methods, settings, progress)


def _remember(folder: Path, learning: float, measuring: float, images: int) -> None:
    """Keep how fast this retraining went from its start to its end, in seconds, for the next time on this machine."""
    from crosscontrast.cord.retrain.pace import Pace, remember
    from crosscontrast.cord.retrain.retrainings import trained

    seconds, steps = trained(folder)
    if steps:
        remember(Pace(start=max(learning - seconds, 0.0), step=seconds / steps, image=measuring / max(images, 1)))
