"""The one job that a session may have under way, and what the page shows of it."""

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.state import WorkState
from crosscontrast.app.server.job_runner import JobRunner
from crosscontrast.errors import CrossContrastError
from crosscontrast.jobs.job import Job, JobResult

_IDLE = "Nothing is under way."


class Work:
    """Starts jobs: a :class:`~crosscontrast.desk.runner.Runner`.

    ``tell`` shows an error to the user, ``folder`` is where jobs get a folder each (what a killed session left there
    goes), and ``listeners`` are told when work begins and ends.
    """

    def __init__(self, server: Any, runner: JobRunner, tell: Callable[[str], None], folder: Path) -> None:
        self._server, self._runner, self._tell, self._folder = server, runner, tell, folder
        self.typed = TypedState(server.state, WorkState, namespace="work")
        self.listeners: list[Callable[[], None]] = []
        shutil.rmtree(folder, ignore_errors=True)

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._runner.busy

    def start(self, make: Callable[[Path], Job], take: Callable[[JobResult], str], *, heavy: bool = True) -> None:
        """Start the job that ``make`` returns, which gets an empty folder; ``take`` gets the result while it is there.

        The page shows the sentence that ``take`` returns, with the result's warnings. A job that is not ``heavy`` does
        not wait for the jobs of other sessions.
        """
        folder = self._folder / uuid.uuid4().hex[:8]
        try:
            folder.mkdir(parents=True)
            job = make(folder)
        except CrossContrastError as error:
            shutil.rmtree(folder, ignore_errors=True)
            self._say(error)
            return
        data = self.typed.data
        data.kind = job.kind
        data.busy, data.percent, data.message, data.why_not_cancel = True, 0.0, "starting", ""
        self._runner.start(
            job,
            self._on_progress,
            lambda result: self._on_result(result, folder, take),
            lambda error: self._on_error(error, folder),
            heavy=heavy,
        )
        self._changed()

    async def cancel(self) -> None:
        """Stop the job."""
        await self._runner.cancel()

    def _on_progress(self, done: float, total: float, message: str) -> None:
        with self._server.state:
            self.typed.data.percent = round(100 * done / total) if total else 0
            self.typed.data.message = message

    def _on_result(self, result: JobResult, folder: Path, take: Callable[[JobResult], str]) -> None:
        with self._server.state:
            try:
                said = take(result)
                self._end(" ".join([said, *result.warnings]))
            except CrossContrastError as error:
                self._end("")
                self._tell(error.message)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _on_error(self, error: CrossContrastError, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        with self._server.state:
            cancelled = error.kind == "cancelled"
            self._end(error.message if cancelled else "")
            if not cancelled:
                self._say(error)

    def _say(self, error: CrossContrastError) -> None:
        self._tell(" ".join(filter(None, [error.message, error.hint])))

    def _end(self, message: str) -> None:
        data = self.typed.data
        data.busy, data.message, data.why_not_cancel = False, message, _IDLE
        self._changed()

    def _changed(self) -> None:
        for listener in self.listeners:
            listener()
