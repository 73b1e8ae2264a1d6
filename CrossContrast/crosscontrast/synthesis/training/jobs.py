"""The job that trains a translator."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from crosscontrast.errors import BadInputError
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.training.settings import CONFIG, read_config


def refuse_another(known: TrainingConfig, wanted: TrainingConfig, folder: Path) -> None:
    """Raise :class:`BadInputError` where the training in ``folder`` is another one than is wanted."""
    pairs = {
        "cohort": (known.cohort.resolve(), wanted.cohort.resolve()),
        **{name: (getattr(known, name), getattr(wanted, name)) for name in ("source", "target", "network")},
    }
    other = [f"{name} {there}, not {asked}" for name, (there, asked) in pairs.items() if there != asked]
    if other:
        raise BadInputError(f"The training in {folder} has {'; '.join(other)}.", "give another folder")


class TrainTranslatorResult(JobResult):
    """The bundles of the translator and its way back, the training's folder, and the step reached."""

    folder: Path
    model: Path
    back: Path | None
    step: int
    minutes: float


class TrainTranslator(Job):
    """Train a translator on a cohort, or with ``resume`` go on with the training in ``out``.

    With both ``resume`` and ``settings`` a training is begun where there is none, and one that is there goes on only
    where it is of the same cohort, roles and network. A cohort that does not fit together is refused before anything
    is learned, unless ``force`` (see :func:`crosscontrast.synthesis.training.checks.check_pairs`); what is unusual
    about it is told first of all. Raises :class:`BadInputError`.
    """

    kind: ClassVar[str] = "synth.train"

    out: Path
    settings: TrainingConfig | None = None
    resume: bool = False
    more: dict[str, int] = Field(default={})
    force: bool = False
    max_minutes: float | None = None
    device: str = "auto"

    def run(self, progress: Progress) -> TrainTranslatorResult:
        """Train, save and write the bundles; see :func:`crosscontrast.synthesis.training.translator.train`."""
        import os

        from crosscontrast.ground.device import choose_device
        from crosscontrast.models.bundle import GATE_INPUT
        from crosscontrast.models.find import BACK, THERE
        from crosscontrast.radiomics.gate.profile import FEWEST
        from crosscontrast.synthesis.training.checks import check_pairs
        from crosscontrast.synthesis.training.export import export
        from crosscontrast.synthesis.training.translator import train
        from crosscontrast.training.state import CHECKPOINT

        begun = (self.out / CHECKPOINT).exists()
        if not self.resume and begun:
            raise BadInputError(f"There is a training in {self.out} already.", "resume it, or give another folder")
        resume = self.resume and (begun or self.settings is None)
        if resume:
            settings = read_config(self.out / CONFIG, TrainingConfig, dict(self.more))
            if self.settings is not None:
                refuse_another(settings, self.settings, self.out)
        elif self.settings is not None:
            settings = self.settings
        else:
            raise BadInputError("A training that is not resumed needs settings.")
        said = []
        if not resume:
            said = check_pairs(settings, ("train", "validation"), force=self.force)
            for sentence in said:
                progress(0, 1, sentence)
        state = train(
            settings,
            self.out,
            resume=resume,
            max_minutes=self.max_minutes,
            device=choose_device(self.device),
            progress=progress,
        )
        first = int(os.environ.get("RANK", "0")) == 0
        written = export(settings, state, self.out) if first else {THERE: self.out}
        judged = not first or (written[THERE] / GATE_INPUT).is_file()
        few = f"With fewer than {FEWEST} training pairs there is no yardstick for the quality gate in {written[THERE]}."
        return TrainTranslatorResult(
            folder=self.out,
            model=written[THERE],
            back=written.get(BACK),
            step=state.step,
            minutes=round(state.minutes, 3),
            warnings=said if judged else [*said, few],
        )
