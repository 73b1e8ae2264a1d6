"""Retraining the model on the corrections, the figures before and after, and what becomes of the candidate."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscontrast.cord.retrain.steps import DEFAULT_STEPS, FEWEST_STEPS, MOST_STEPS
from crosscontrast.desk.reasons import BUSY, NO_DATASET
from crosscontrast.desk.runner import Runner
from crosscontrast.errors import BadInputError, CrossContrastError

if TYPE_CHECKING:
    from crosscontrast.cord.retrain.files import Outcome
    from crosscontrast.jobs.job import Job, JobResult
    from crosscontrast.models.library import ModelEntry

NO_CANDIDATE = "There is no candidate: retrain first."


@dataclass(frozen=True)
class FigureRow:
    """One measure on the test subjects, as text: ``difference`` has its interval of 95 % where there is one."""

    name: str
    before: str
    after: str
    difference: str
    subjects: str


class Retrainer:
    """Retrains ``model`` on ``dataset`` in a numbered folder beside it; what was begun there goes on.

    ``forbidden`` says why this person may not change models (empty: they may), ``no_dataset`` what this front end says
    where there is none, and ``ready()`` whether the packages are there without which nothing can be known. ``state``
    are called when other figures are shown, and ``models`` when another version of a model may be the current one.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        no_dataset: str = NO_DATASET,
        forbidden: str = "",
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self._runner, self._no_dataset, self._forbidden, self._ready = runner, no_dataset, forbidden, ready
        self.dataset: Path | None = None
        self.model, self.device = "", "auto"
        self.steps = DEFAULT_STEPS
        #: The retraining whose figures are shown, and what came out of it.
        self.folder: Path | None = None
        self.outcome: Outcome | None = None
        self._freeze = False
        self._lacking = ""
        self._target: Path | None = None  # of the retraining under way
        self.state: list[Callable[[], None]] = []
        self.models: list[Callable[[], None]] = []

    def use(self, dataset: Path | None) -> None:
        """Retrain on this dataset; as many steps as what was begun has are offered, and the newest figures shown."""
        self._lacking = self._what_is_lacking(dataset)
        if dataset == self.dataset and dataset is not None:
            return
        self.dataset, self.steps = dataset, DEFAULT_STEPS
        newest = None
        if dataset and self._ready():
            from crosscontrast.cord.retrain.retrainings import begun, last_finished

            plan = begun(dataset)
            self.steps = plan.settings.steps if plan else DEFAULT_STEPS
            newest = last_finished(dataset)
        self._show(newest)

    # What can be done, and why not

    def why_not(self) -> str:
        """Why no retraining can begin."""
        reason = self._forbidden or (BUSY if self._runner.busy else "") or self._wrong_steps()
        reason = reason or ("" if self.model or not self._ready() else "There is no model to retrain.")
        reason = reason or ("" if self.goes_on() else self._lacking)
        return reason if self.dataset else self._no_dataset

    def why_not_accept(self) -> str:
        """Why no candidate can become the current version."""
        return self._decided_already() or self._waits()

    def why_not_keep(self) -> str:
        """Why no candidate can be kept aside."""
        aside = "It is kept aside already." if self.outcome and self.outcome.kept_aside else ""
        return self._decided_already() or aside or self._waits()

    def why_not_report(self) -> str:
        """Why there is no report."""
        return "" if self.outcome else NO_CANDIDATE

    def why_not_roll_back(self) -> str:
        """Why one cannot go back to an older version."""
        return self._forbidden or ("" if self.before() else "The current version is the oldest.") or self._waits()

    # What is known

    def expected(self) -> str:
        """How long so many steps will take; empty where that cannot be said."""
        if self.dataset is None or self._wrong_steps() or not self._ready():
            return ""
        from crosscontrast.cord.retrain.retrainings import expected_time

        return expected_time(self.dataset, self.steps)

    def goes_on(self) -> bool:
        """Whether this was begun and goes on where it was stopped."""
        if self.dataset is None or self._wrong_steps() or not self._ready():
            return False
        from crosscontrast.cord.retrain.retrainings import plan_of, retraining_folder

        return plan_of(retraining_folder(self.dataset, self.model, self.steps)) is not None

    def before(self) -> "ModelEntry | None":
        """The version of the model that rolling back makes current, if there is one."""
        return version_before(self.model) if self.model and self._ready() else None

    def rows(self) -> list[FigureRow]:
        """The measures before and after, and the drift of the area where it is known."""
        return _figure_rows(self.outcome) if self.outcome else []

    def decision(self) -> str:
        """What was decided about the candidate; empty where nothing was."""
        if self.outcome is None:
            return ""
        if self.outcome.model:
            return f"Accepted as {self.outcome.model}."
        return f"Kept aside in {self.folder}." if self.outcome.kept_aside else ""

    def must_ask(self) -> bool:
        """Whether the gate speaks against the candidate, so that accepting it takes a second word."""
        return self.outcome is not None and not self.outcome.verdict.passed

    def report(self) -> Path:
        """Return the report of the retraining that is shown; raises :class:`BadInputError` where there is none."""
        from crosscontrast.cord.retrain.files import RetrainFiles

        if self.folder is None or self.outcome is None:
            raise BadInputError(NO_CANDIDATE)
        return RetrainFiles(self.folder).report

    # What is done

    def question(self) -> str:
        """What to ask before a retraining fixes test subjects for good; empty where some are fixed."""
        from crosscontrast.cord.retrain.material import drawn_by_lot
        from crosscontrast.corrections.dataset import CorrectionDataset

        if self.why_not() or self.dataset is None or self.goes_on():
            return ""
        try:
            drawn = drawn_by_lot(CorrectionDataset.open(self.dataset))
        except CrossContrastError:  # which the retraining says itself
            return ""
        named = ", ".join(f"sub-{subject}" for subject in drawn)
        return f"The lot draws {named} to be tested on for good and never trained on. Go on?" if drawn else ""

    def run(self, *, freeze: bool = False) -> None:
        """Start, or go on where an earlier retraining of the same model with as many steps was stopped.

        ``freeze`` is the person's yes to :meth:`question`.
        """
        if not self.why_not():
            self._freeze = freeze
            self._runner.start(self._make, self._take)

    def accept(self, *, anyway: bool = False) -> None:
        """Make the candidate the next and current version; ``anyway`` also where the gate speaks against it.

        Raises :class:`CrossContrastError` where that cannot be, as the other decisions do.
        """
        from crosscontrast.cord.retrain.run import accept

        reason, folder = self.why_not_accept(), self.folder
        if reason or folder is None:
            raise BadInputError(reason or NO_CANDIDATE)
        self._decide(lambda: accept(folder, anyway=anyway))

    def keep(self) -> None:
        """Leave the candidate in its folder."""
        from crosscontrast.cord.retrain.run import keep_aside

        reason, folder = self.why_not_keep(), self.folder
        if reason or folder is None:
            raise BadInputError(reason or NO_CANDIDATE)
        self._decide(lambda: keep_aside(folder))

    def roll_back(self) -> None:
        """Make the version before the current one the current one."""
        from crosscontrast.models.library import ModelLibrary

        reason, before = self.why_not_roll_back(), self.before()
        if reason or before is None:
            raise BadInputError(reason)
        self._decide(lambda: ModelLibrary().rollback(before.name, before.version))

    def _make(self, _folder: Path) -> "Job":
        from crosscontrast.cord.retrain.jobs import RetrainCord
        from crosscontrast.cord.retrain.retrainings import plan_of, retraining_folder
        from crosscontrast.cord.retrain.settings import RetrainSettings

        if self.dataset is None:
            raise BadInputError(self._no_dataset)
        self._target = folder = retraining_folder(self.dataset, self.model, self.steps)
        settings = None if plan_of(folder) else RetrainSettings(steps=self.steps)
        return RetrainCord(
            dataset=self.dataset,
            out=folder,
            base=self.model,
            settings=settings,
            accept=False,
            freeze=self._freeze,
            device=self.device,
        )

    def _take(self, result: "JobResult") -> str:
        self._show(self._target)
        return "Retrained."

    def _decide(self, change: Callable[[], Any]) -> None:
        try:
            change()
        finally:
            for listener in self.models:
                listener()
            self._show(self.folder)

    def _show(self, folder: Path | None) -> None:
        self.folder, self.outcome = folder, None
        if folder:
            from crosscontrast.cord.retrain.retrainings import outcome_of

            self.outcome = outcome_of(folder)
        for listener in self.state:
            listener()

    def _what_is_lacking(self, dataset: Path | None) -> str:
        """Why the corrections are too few to retrain on; where that cannot be known, the retraining says it."""
        if dataset is None or not self._ready():
            return ""
        from crosscontrast.cord.retrain.material import why_too_few
        from crosscontrast.corrections.dataset import CorrectionDataset

        try:
            return why_too_few(CorrectionDataset.open(dataset))
        except CrossContrastError:
            return ""

    def _wrong_steps(self) -> str:
        right = FEWEST_STEPS <= self.steps <= MOST_STEPS
        return "" if right else f"Choose {FEWEST_STEPS} to {MOST_STEPS} steps."

    def _decided_already(self) -> str:
        if self.outcome is None:
            return NO_CANDIDATE
        return f"It is {self.outcome.model} now." if self.outcome.model else ""

    def _waits(self) -> str:
        return self._forbidden or (BUSY if self._runner.busy else "")


def version_before(model: str) -> "ModelEntry | None":
    """Return the version of ``model`` (a name, or name@version) that rolling back makes current, if there is one."""
    from crosscontrast.models.library import ModelLibrary

    name = model.partition("@")[0]
    versions = [entry for entry in ModelLibrary().entries() if entry.name == name]
    current = next((entry.version for entry in versions if entry.current), 0)
    older = [entry for entry in versions if entry.version < current]
    return max(older, key=lambda entry: entry.version) if older else None


def _figure_rows(outcome: "Outcome") -> list[FigureRow]:
    from crosscontrast.cord.evaluation.measures import MEASURE_NAMES

    rows = []
    for measure, change in outcome.figures.changes.items():
        low, high = (f"{end:+.3f}" if end is not None else "–" for end in (change.low, change.high))
        difference = f"{change.difference:+.3f} ({low} ... {high})"
        numbers = (f"{change.before:.3f}", f"{change.after:.3f}", difference, str(change.subjects))
        rows.append(FigureRow(MEASURE_NAMES[measure], *numbers))
    if outcome.figures.drift_mm2 is not None:
        rows.append(FigureRow("drift of the area (mm²)", "", "", f"{outcome.figures.drift_mm2:.2f}", ""))
    return rows
