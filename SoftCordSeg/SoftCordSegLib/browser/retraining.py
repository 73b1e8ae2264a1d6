"""Retraining the model on the dataset's corrections, with the figures before and after, and the gate."""

from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from CrossContrastLib.errors import BadInputError, CrossContrastError
from CrossContrastLib.jobs.job import JobResult
from SoftCordSegLib.browser.cases import Cases
from SoftCordSegLib.browser.desk import Desk
from SoftCordSegLib.browser.segmenting import Segmenting
from SoftCordSegLib.browser.state import BUSY, NO_DATASET, RetrainState
from SoftCordSegLib.browser.work import Work
from SoftCordSegLib.evaluation.measures import MEASURE_NAMES
from SoftCordSegLib.retrain.jobs import RetrainCord, RetrainResult
from SoftCordSegLib.retrain.run import accept
from SoftCordSegLib.retrain.settings import RetrainSettings

_NOTHING = "Nothing was retrained yet."


class Retraining:
    """Runs ``cord.retrain``; a candidate that the gate passes can be taken into the library, another one cannot.

    Only where one person uses the server (``allowed``): models are everybody's.
    """

    def __init__(
        self, server: Any, desk: Desk, cases: Cases, segmenting: Segmenting, work: Work, *, allowed: bool
    ) -> None:
        self._allowed = allowed
        self._desk, self._cases, self._segmenting, self._work = desk, cases, segmenting, work
        self.typed = TypedState(server.state, RetrainState, namespace="retrain")
        self._result: RetrainResult | None = None
        self._out: Path | None = None
        self._accepted = False
        work.listeners.append(self._update)
        self._update()

    def run(self) -> None:
        """Start, or go on where an earlier retraining of the same model with as many steps was stopped."""
        data, dataset = self.typed.data, self._cases.dataset
        if data.why_not or dataset is None:
            return
        base, steps = self._segmenting.typed.data.model, int(data.steps)
        out = self._desk.folder / "retraining" / f"{base.replace('@', '-')}-{dataset.folder.name}-{steps}"
        job = RetrainCord(
            dataset=dataset.folder, out=out, base=base, settings=RetrainSettings(steps=steps), accept=False
        )
        self._result, self._out, self._accepted = None, out, False
        data.rows, data.verdict = [], ""
        self._work.start(job, self._take)

    def accept(self) -> None:
        """Make the candidate the current version of its model."""
        if self.typed.data.why_not_accept or self._out is None:
            return
        try:
            entry = accept(self._out)
        except CrossContrastError as error:
            self._cases.tell(error.message)
            return
        self._accepted = True
        self.typed.data.verdict = f"{entry} is the current version now."
        self._segmenting.refresh_models()
        self._update()

    def report(self) -> Path:
        """Return the report of the last retraining; raises :class:`BadInputError` where there is none."""
        if self._result is None or self._result.report is None:
            raise BadInputError(_NOTHING)
        return self._result.report

    def _take(self, result: JobResult) -> str:
        assert isinstance(result, RetrainResult)
        self._result, data = result, self.typed.data
        for measure, change in result.figures.changes.items() if result.figures else ():
            row = {"before": f"{change.before:.3f}", "after": f"{change.after:.3f}"}
            data.rows = [*data.rows, {"name": MEASURE_NAMES[measure], **row}]
        passed = "The gate lets the candidate through."
        data.verdict = passed if result.passed else " ".join(["The gate keeps it aside:", *result.reasons])
        self._update()
        return " ".join(["Retrained.", *result.warnings])

    def _update(self) -> None:
        data, result = self.typed.data, self._result
        if self._cases.dataset is None:
            data.why_not = NO_DATASET
        elif not self._allowed:
            data.why_not = "Models of a server for several people are retrained with: crosscontrast cord retrain"
        else:
            data.why_not = BUSY if self._work.busy else ""
        if result is None or not result.finished:
            data.why_not_accept = _NOTHING
        elif self._accepted:
            data.why_not_accept = "It is accepted."
        else:
            data.why_not_accept = "" if result.passed else "The gate refused the candidate."
        data.why_not_report = "" if result and result.report else _NOTHING
