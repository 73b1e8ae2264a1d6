"""A job in the worker process, watched from the event loop of a session."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock, Timeout

from crosscontrast.errors import CancelledError, CrossContrastError
from crosscontrast.jobs.client import WorkerClient
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.run import Run, result_of
from crosscontrast.progress import Progress

#: Seconds between looks at the worker, and after which an idle worker gives its memory back.
_LOOK, _WARM = 0.05, 600.0


class JobRunner:
    """Runs one job at a time for a session, and not more than ``slots`` jobs for all sessions of the server.

    The sessions share ``slot_folder``, which holds one lock file per slot; a lock goes with its process, so a session
    that dies frees its slot. A job that has to wait says so through the progress.
    """

    def __init__(self, slot_folder: Path, slots: int) -> None:
        slot_folder.mkdir(parents=True, exist_ok=True)
        self._slots = [slot_folder / f"job-{number}.lock" for number in range(slots)]
        self._client = WorkerClient()
        self._task: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._task is not None

    def start(
        self,
        job: Job,
        on_progress: Progress,
        on_result: Callable[[JobResult], None],
        on_error: Callable[[CrossContrastError], None],
        *,
        heavy: bool = True,
    ) -> None:
        """Start a job; it ends in one call of ``on_result`` or ``on_error``, the latter also where it is cancelled.

        Only ``heavy`` ones wait for a slot.
        """
        if self.busy:
            raise RuntimeError("A job is under way.")
        if self._idle:
            self._idle.cancel()
        self._task = asyncio.ensure_future(self._follow(job, on_progress, on_result, on_error, heavy))

    async def cancel(self) -> None:
        """Stop the job under way, if there is one."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def close(self) -> None:
        """End the worker and everything it does."""
        self._client.cancel()
        self._client.close()

    async def _follow(
        self,
        job: Job,
        on_progress: Progress,
        on_result: Callable[[JobResult], None],
        on_error: Callable[[CrossContrastError], None],
        heavy: bool,
    ) -> None:
        outcome: JobResult | CrossContrastError
        try:
            with ExitStack() as held:
                if heavy:
                    held.callback((await self._slot(on_progress)).release)
                on_progress(0, 1, "starting")
                outcome = await self._finish(self._client.submit(job), on_progress)
        except asyncio.CancelledError:
            await asyncio.to_thread(self._client.cancel)
            outcome = CancelledError("Cancelled.")
        except CrossContrastError as error:
            outcome = error
        self._task = None
        self._idle = asyncio.get_running_loop().call_later(_WARM, self._client.close)
        if isinstance(outcome, CrossContrastError):
            on_error(outcome)
        else:
            on_result(outcome)

    async def _finish(self, run: Run, on_progress: Progress) -> JobResult:
        while True:
            for message in run.poll():
                if message.type == "progress":
                    on_progress(message.done, message.total, message.message)
                else:
                    return result_of(run.job, message)
            await asyncio.sleep(_LOOK)

    async def _slot(self, on_progress: Progress) -> FileLock:
        while True:
            for path in self._slots:
                lock = FileLock(path)
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue
                return lock
            on_progress(0, 1, "waiting for a job of another session")
            await asyncio.sleep(0.5)
