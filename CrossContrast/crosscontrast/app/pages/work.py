"""The one job that a session may have under way, and what the page shows of it."""

from collections.abc import Callable
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.state import WorkState
from crosscontrast.app.server.job_runner import JobRunner
from crosscontrast.errors import CrossContrastError
from crosscontrast.jobs.job import Job, JobResult

_IDLE = "Nothing is under way."


class Work:
    """Starts jobs; ``tell`` shows an error to the user, ``listeners`` are told when work begins and ends."""

    def __init__(self, server: Any, runner: JobRunner, tell: Callable[[str], None]) -> None:
        self._server, self._runner, self._tell = server, runner, tell
        self.typed = TypedState(server.state, WorkState, namespace="work")
        self.listeners: list[Callable[[], None]] = []

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._runner.busy

    def start(
        self,
        job: Job,
        take: Callable[[JobResult], str],
        *,
        heavy: bool = True,
        after: Callable[[], None] | None = None,
        failed: Callable[[CrossContrastError], None] | None = None,
    ) -> None:
        """Start a job; ``take`` gets its result and returns the sentence that the page shows then.

        A job that is not ``heavy`` does not wait for the jobs of other sessions. ``after`` is called when all is done,
        and may start the next job; ``failed`` gets an error instead of the user.
        """
        data = self.typed.data
        data.kind = job.kind
        data.busy, data.percent, data.message, data.why_not_cancel = True, 0.0, "starting", ""
        self._runner.start(
            job,
            self._on_progress,
            lambda result: self._on_result(result, take, after),
            lambda error: self._on_error(error, failed or self._say),
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

    def _on_result(self, result: JobResult, take: Callable[[JobResult], str], after: Callable[[], None] | None) -> None:
        with self._server.state:
            try:
                self._end(take(result))
            except CrossContrastError as error:
                self._end("")
                self._tell(error.message)
                return
            if after:
                after()

    def _on_error(self, error: CrossContrastError, failed: Callable[[CrossContrastError], None]) -> None:
        with self._server.state:
            cancelled = error.kind == "cancelled"
            self._end(error.message if cancelled else "")
            if not cancelled:
                failed(error)

    def _say(self, error: CrossContrastError) -> None:
        self._tell(" ".join(filter(None, [error.message, error.hint])))

    def _end(self, message: str) -> None:
        data = self.typed.data
        data.busy, data.message, data.why_not_cancel = False, message, _IDLE
        self._changed()

    def _changed(self) -> None:
        for listener in self.listeners:
            listener()
