"""Retraining the model on the dataset's corrections, with the figures before and after, and what becomes of it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.segmenting import Segmenting
from crosscontrast.app.pages.state import NO_DATASET, RetrainState
from crosscontrast.app.pages.work import Work
from crosscontrast.desk.retrain import Retrainer
from crosscontrast.errors import CrossContrastError

_SHARED = "Models of a server for several people are retrained with: crosscontrast cord retrain"


class Retraining:
    """Binds the page to a :class:`Retrainer`.

    Only where one person uses the server (``allowed``): models are everybody's.
    """

    def __init__(self, server: Any, cases: Cases, segmenting: Segmenting, work: Work, *, allowed: bool) -> None:
        self._cases, self._segmenting = cases, segmenting
        self.typed = TypedState(server.state, RetrainState, namespace="retrain")
        self._desk = Retrainer(work, no_dataset=NO_DATASET, forbidden="" if allowed else _SHARED)
        self._desk.models.append(segmenting.refresh_models)
        self._desk.use(cases.dataset.folder if cases.dataset else None)
        self.typed.data.steps = self._desk.steps
        self._desk.state.append(self._show)
        self.report = self._desk.report
        name, model = self.typed.name, segmenting.typed.name.model
        self.typed.bind_changes({name.steps: lambda _: self._update()})
        segmenting.typed.bind_changes({model: lambda _: self._update()})
        work.listeners.append(self._on_work)
        cases.listeners.append(self._update)
        self._show()

    def run(self) -> None:
        """Start, or go on where an earlier retraining of the same model with as many steps was stopped."""
        self._update()
        question = self._desk.question()
        if question:
            self.typed.data.question, self.typed.data.asking_lot = question, True
        else:
            self._desk.run()

    def run_with_lot(self) -> None:
        """Start it with the test subjects that the lot drew."""
        self.typed.data.asking_lot = False
        self._update()
        self._desk.run(freeze=True)

    def accept(self) -> None:
        """Make the candidate the current version of its model, or ask first where the gate speaks against it."""
        if self._desk.must_ask() and not self.typed.data.why_not_accept:
            self.typed.data.asking = True
        else:
            self._decide(self._desk.accept)

    def accept_anyway(self) -> None:
        """Make it the current version although the gate speaks against it."""
        self.typed.data.asking = False
        self._decide(lambda: self._desk.accept(anyway=True))

    def keep(self) -> None:
        """Leave the candidate in its folder."""
        self._decide(self._desk.keep)

    def roll_back(self) -> None:
        """Make the version before the current one of the chosen model the current one."""
        self._decide(self._desk.roll_back)

    def _decide(self, decide: Callable[[], None]) -> None:
        self._update()
        try:
            decide()
        except CrossContrastError as error:
            self._cases.tell(error.message)

    def _show(self) -> None:
        """Show what came out of a retraining."""
        data, desk, outcome = self.typed.data, self._desk, self._desk.outcome
        data.rows = [asdict(row) for row in desk.rows()]
        data.reasons = list(outcome.verdict.reasons) if outcome else []
        against = "The gate speaks against it:" if desk.must_ask() else "The gate lets the candidate through."
        data.verdict = against if outcome else ""
        data.decided = desk.decision()
        self._update()

    def _on_work(self) -> None:
        """What was just saved may be enough to retrain on."""
        if self._desk.dataset:
            self._desk.use(self._desk.dataset)
        self._update()

    def _steps(self) -> int:
        try:
            return int(self.typed.data.steps)
        except (TypeError, ValueError):
            return 0

    def _update(self) -> None:
        data, desk = self.typed.data, self._desk
        desk.steps, desk.model = self._steps(), self._segmenting.typed.data.model
        data.why_not = desk.why_not()
        data.expected, data.goes_on = desk.expected(), desk.goes_on()
        data.why_not_accept, data.why_not_keep = desk.why_not_accept(), desk.why_not_keep()
        data.why_not_report, data.why_not_roll_back = desk.why_not_report(), desk.why_not_roll_back()
        data.before = str(desk.before() or "")
        data.doubts = " ".join(self._cases.doubts)
