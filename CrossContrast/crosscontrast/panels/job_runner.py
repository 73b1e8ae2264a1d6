"""A job in the worker process, watched from Qt's event loop."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import qt

from crosscontrast.errors import CancelledError, CrossContrastError
from crosscontrast.progress import Progress

if TYPE_CHECKING:
    from crosscontrast.jobs.client import WorkerClient
    from crosscontrast.jobs.job import Job, JobResult
    from crosscontrast.jobs.protocol import ErrorMessage, ResultMessage
    from crosscontrast.jobs.run import Run


class JobRunner:
    """Runs one job at a time in a worker that stays warm, and calls back without ever blocking the event loop.

    Every job that was started ends in one call of ``on_result``, ``on_error`` or ``on_cancelled``; before it come any
    number of ``on_progress(done, total, message)``. When one of the three is called the runner takes the next job.
    """

    def __init__(
        self,
        on_progress: Progress,
        on_result: Callable[["JobResult"], None],
        on_error: Callable[[CrossContrastError], None],
        on_cancelled: Callable[[], None],
    ) -> None:
        self._on_progress = on_progress
        self._on_result = on_result
        self._on_error = on_error
        self._on_cancelled = on_cancelled
        self._client: WorkerClient | None = None
        self._run: Run | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(50)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._run is not None

    def start(self, job: "Job") -> None:
        """Send ``job`` to the worker, which is started if need be; raises ``WorkerError`` where it cannot be."""
        if self.busy:
            raise RuntimeError("A job is under way.")
        if self._client is None:
            # Needs packages that may have been installed only just before the first job.
            from crosscontrast.jobs.client import WorkerClient

            self._client = WorkerClient()
        self._run = self._client.submit(job)
        self._timer.start()

    def cancel(self) -> None:
        """Stop the job under way, if there is one; the worker's processes are gone when this returns."""
        if self._client is not None and self.busy:
            self._client.cancel()
            self._poll()

    def close(self) -> None:
        """Cancel and end the worker; a later job would start a new one."""
        self.cancel()
        if self._client is not None:
            self._client.close()

    def _poll(self) -> None:
        run = self._run
        if run is None:
            return
        for message in run.poll():
            if message.type == "progress":
                self._on_progress(message.done, message.total, message.message)
            else:
                self._timer.stop()
                self._run = None
                self._tell_end(run, message)

    def _tell_end(self, run: "Run", message: "ResultMessage | ErrorMessage") -> None:
        from crosscontrast.jobs.run import result_of

        try:
            result = result_of(run.job, message)
        except CancelledError:
            self._on_cancelled()
        except CrossContrastError as error:
            self._on_error(error)
        else:
            self._on_result(result)
