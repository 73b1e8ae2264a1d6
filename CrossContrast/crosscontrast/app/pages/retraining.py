"""Retraining the model on the dataset's corrections, with the figures before and after, and what becomes of it."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.segmenting import Segmenting
from crosscontrast.app.pages.state import BUSY, NO_CANDIDATE, NO_DATASET, RetrainState
from crosscontrast.app.pages.work import Work
from crosscontrast.cord.correcting.deciding import figure_rows, version_before
from crosscontrast.cord.correcting.retrainings import (
    begun,
    expected_time,
    last_finished,
    outcome_of,
    plan_of,
    retraining_folder,
)
from crosscontrast.cord.retrain.files import Outcome, RetrainFiles
from crosscontrast.cord.retrain.jobs import RetrainCord
from crosscontrast.cord.retrain.run import accept, keep_aside
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.cord.retrain.steps import FEWEST_STEPS, MOST_STEPS
from crosscontrast.errors import BadInputError, CrossContrastError
from crosscontrast.jobs.job import JobResult
from crosscontrast.models.library import ModelLibrary

_SHARED = "Models of a server for several people are retrained with: crosscontrast cord retrain"


class Retraining:
    """Runs ``cord.retrain`` in a folder beside the dataset, as the panel in Slicer does, and lets a person decide.

    Only where one person uses the server (``allowed``): models are everybody's.
    """

    def __init__(self, server: Any, cases: Cases, segmenting: Segmenting, work: Work, *, allowed: bool) -> None:
        self._allowed = allowed
        self._cases, self._segmenting, self._work = cases, segmenting, work
        self.typed = TypedState(server.state, RetrainState, namespace="retrain")
        self._folder: Path | None = None  # of the retraining whose figures are shown
        self._outcome: Outcome | None = None
        name, model = self.typed.name, segmenting.typed.name.model
        self.typed.bind_changes({name.steps: lambda _: self._update()})
        segmenting.typed.bind_changes({model: lambda _: self._update()})
        work.listeners.append(self._update)
        if cases.dataset:
            plan = begun(cases.dataset.folder)
            if plan:
                self.typed.data.steps = plan.settings.steps
            self._show(last_finished(cases.dataset.folder))
        self._update()

    def run(self) -> None:
        """Start, or go on where an earlier retraining of the same model with as many steps was stopped."""
        data, dataset = self.typed.data, self._cases.dataset
        if data.why_not or dataset is None:
            return
        base, steps = self._segmenting.typed.data.model, self._steps()
        folder = retraining_folder(dataset.folder, base, steps)
        settings = None if plan_of(folder) else RetrainSettings(steps=steps)
        job = RetrainCord(dataset=dataset.folder, out=folder, base=base, settings=settings, accept=False)
        self._show(None)
        self._work.start(job, lambda result: self._take(folder, result))

    def accept(self) -> None:
        """Make the candidate the current version of its model, or ask first where the gate speaks against it."""
        if self._outcome and not self.typed.data.why_not_accept:
            if self._outcome.verdict.passed:
                self._decide(lambda folder: accept(folder))
            else:
                self.typed.data.asking = True

    def accept_anyway(self) -> None:
        """Make it the current version although the gate speaks against it."""
        self.typed.data.asking = False
        if not self.typed.data.why_not_accept:
            self._decide(lambda folder: accept(folder, anyway=True))

    def keep(self) -> None:
        """Leave the candidate in its folder."""
        if not self.typed.data.why_not_keep:
            self._decide(keep_aside)

    def roll_back(self) -> None:
        """Make the version before the current one of the chosen model the current one."""
        entry = version_before(self._segmenting.typed.data.model)
        if entry and not self.typed.data.why_not_roll_back:
            self._decide(lambda _folder: ModelLibrary().rollback(entry.name, entry.version))

    def report(self) -> Path:
        """Return the report of the retraining that is shown; raises :class:`BadInputError` where there is none."""
        if self._folder is None or self._outcome is None:
            raise BadInputError(NO_CANDIDATE)
        return RetrainFiles(self._folder).report

    def _take(self, folder: Path, result: JobResult) -> str:
        self._show(folder)
        return " ".join(["Retrained.", *result.warnings])

    def _decide(self, change: Callable[[Any], Any]) -> None:
        try:
            change(self._folder)
        except CrossContrastError as error:
            self._cases.tell(error.message)
        self._segmenting.refresh_models()
        self._show(self._folder)

    def _show(self, folder: Path | None) -> None:
        """Show what came out of the retraining in ``folder``."""
        self._folder, self._outcome = folder, outcome_of(folder) if folder else None
        data, outcome = self.typed.data, self._outcome
        data.rows = [asdict(row) for row in figure_rows(outcome.figures)] if outcome else []
        data.reasons = list(outcome.verdict.reasons) if outcome else []
        data.verdict = _verdict_of(outcome)
        data.decided = _decision_of(outcome, folder)
        self._update()

    def _steps(self) -> int:
        try:
            return int(self.typed.data.steps)
        except (TypeError, ValueError):
            return 0

    def _update(self) -> None:
        data, dataset, busy = self.typed.data, self._cases.dataset, self._work.busy
        shared = "" if self._allowed else _SHARED
        wrong = "" if FEWEST_STEPS <= self._steps() <= MOST_STEPS else f"Choose {FEWEST_STEPS} to {MOST_STEPS} steps."
        model = "" if self._segmenting.typed.data.model else "There is no model to retrain."
        if dataset is None:
            data.why_not = NO_DATASET
        else:
            data.why_not = shared or (BUSY if busy else wrong or model)
        data.expected, data.goes_on = "", False
        if dataset is not None and not wrong:
            base = self._segmenting.typed.data.model
            data.expected = expected_time(dataset.folder, self._steps())
            data.goes_on = plan_of(retraining_folder(dataset.folder, base, self._steps())) is not None
        outcome, waits = self._outcome, shared or (BUSY if busy else "")
        taken = NO_CANDIDATE if outcome is None else f"It is {outcome.model} now." if outcome.model else ""
        data.why_not_accept = taken or waits
        data.why_not_keep = taken or waits or ("It is kept aside." if outcome and outcome.kept_aside else "")
        data.why_not_report = "" if outcome else NO_CANDIDATE
        before = version_before(self._segmenting.typed.data.model)
        data.before = str(before or "")
        data.why_not_roll_back = shared or ("" if before else "The current version is the oldest.")
        data.why_not_roll_back = data.why_not_roll_back or waits


def _verdict_of(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return "The gate lets the candidate through." if outcome.verdict.passed else "The gate speaks against it:"


def _decision_of(outcome: Outcome | None, folder: Path | None) -> str:
    if outcome is None:
        return ""
    if outcome.model:
        return f"Accepted as {outcome.model}."
    return f"Kept aside in {folder}." if outcome.kept_aside else ""
