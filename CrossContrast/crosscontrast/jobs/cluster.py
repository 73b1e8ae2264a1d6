"""Jobs on Dask workers: a cluster of processes on this machine, or the one behind a scheduler's address."""

import logging
import queue
import uuid
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError as FutureCancelledError
from typing import Any

from distributed import Client, Future, KilledWorker, get_worker
from distributed.utils import silence_logging_cmgr

from crosscontrast.errors import CrossContrastError, WorkerError
from crosscontrast.jobs.execution import answer
from crosscontrast.jobs.failures import explained
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.local_cluster import local_cluster
from crosscontrast.jobs.protocol import ErrorMessage, Request, ResultMessage
from crosscontrast.jobs.run import result_of
from crosscontrast.jobs.throttle import ThrottledProgress
from crosscontrast.progress import Progress

#: Seconds in which a scheduler must answer, and then name its first worker.
ANSWER_TIME = 5


def map_on_processes(
    jobs: Sequence[Job], workers: int, progress: Progress
) -> Generator[JobResult | CrossContrastError, None, None]:
    """Run jobs on so many processes of this machine, each with its share of cores and memory; yield in order."""
    workers = min(workers, len(jobs))
    with local_cluster(workers) as client:
        yield from _ClusterMap(client, jobs, progress, width=workers).outcomes()


def map_on_cluster(
    jobs: Sequence[Job], scheduler: str, progress: Progress
) -> Generator[JobResult | CrossContrastError, None, None]:
    """Run jobs on the workers of the scheduler at this address; yield in order."""
    with silence_logging_cmgr(logging.CRITICAL):
        try:
            client = _Client(scheduler, timeout=ANSWER_TIME, set_as_default=False)
        except (OSError, ValueError) as error:
            raise WorkerError(
                f"No Dask scheduler answers at {scheduler}.", hint="Is 'dask scheduler' running there?"
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=ANSWER_TIME)
            except TimeoutError as error:
                raise WorkerError(
                    f"The Dask scheduler at {scheduler} has no workers.", hint=f"Start 'dask worker {scheduler}'."
                ) from error
            yield from _ClusterMap(client, jobs, progress, width=len(jobs)).outcomes()


class _Client(Client):
    """A client that closes itself where it cannot connect.

    Dask leaves that to the garbage collector, which may choose the start of the next client for it, and then both
    wait for the same lock for ever (seen with distributed 2026.8 after addresses of an unknown protocol).
    """

    def start(self, **kwargs: Any) -> None:
        """Connect, as the constructor asks."""
        try:
            super().start(**kwargs)
        except BaseException:
            self.close()
            raise


class _ClusterMap:
    """The state of one map: which jobs wait, are under way and finished.

    ``width`` jobs are under way at a time. When a process dies, Dask blames every task that was assigned to it, and
    memory may have run out only because of a neighbour. The blamed jobs therefore run again at the end, one at a
    time, and only one that kills its process then too has failed.
    """

    def __init__(self, client: Client, jobs: Sequence[Job], progress: Progress, width: int) -> None:
        self._client = client
        self._jobs = jobs
        self._progress = progress
        self._width = width
        self._alone = min(width, len(jobs)) == 1
        self._topic = f"crosscontrast-{uuid.uuid4()}"
        # Filled by Dask's threads, emptied by the caller's: (index, finished future or (share, message)).
        self._events: queue.SimpleQueue[tuple[int, Future | tuple[float, str]]] = queue.SimpleQueue()
        self._waiting = deque(range(len(jobs)))
        self._suspects: deque[int] = deque()
        self._under_way: dict[int, Future] = {}
        self._shares: dict[int, float] = {}
        self._outcomes: dict[int, JobResult | CrossContrastError] = {}

    def outcomes(self) -> Iterator[JobResult | CrossContrastError]:
        """Run everything and yield results and errors in the order of the jobs."""
        self._client.subscribe_topic(self._topic, lambda event: self._events.put(event[1]))
        try:
            for index in range(len(self._jobs)):
                while index not in self._outcomes:
                    self._submit()
                    self._handle(*self._events.get())
                yield self._outcomes[index]
        finally:
            self._client.cancel(list(self._under_way.values()), force=True)

    def _submit(self) -> None:
        if not self._waiting and not self._under_way:
            self._waiting, self._suspects = self._suspects, deque()
            self._width, self._alone = 1, True
        while self._waiting and len(self._under_way) < self._width:
            index = self._waiting.popleft()
            request = Request.of(self._jobs[index], index)
            future = self._client.submit(_run, request, self._topic, pure=False)
            self._under_way[index] = future
            future.add_done_callback(lambda done, index=index: self._events.put((index, done)))

    def _handle(self, index: int, event: Future | tuple[float, str]) -> None:
        message = ""
        if isinstance(event, tuple):
            if index not in self._under_way:
                return  # a late report
            self._shares[index], message = event
        else:
            del self._under_way[index]
            self._shares.pop(index, None)
            self._finish(index, event)
        self._progress(len(self._outcomes) + sum(self._shares.values()), len(self._jobs), message)

    def _finish(self, index: int, future: Future) -> None:
        job = self._jobs[index]
        try:
            self._outcomes[index] = result_of(job, future.result())
        except KilledWorker:
            if not self._alone:
                self._suspects.append(index)
                return
            self._outcomes[index] = WorkerError(
                f"The job {job.kind!r} killed the process it ran in.",
                hint="Probably it needed more memory than its share: use fewer workers or a smaller image.",
            )
        except FutureCancelledError:
            self._outcomes[index] = WorkerError("The connection to the Dask scheduler was lost.")
        except ImportError as error:
            self._outcomes[index] = WorkerError(
                f"The Dask workers cannot run the job {job.kind!r}: {error}.",
                hint="Install the same packages for the workers.",
            )
        except Exception as error:
            self._outcomes[index] = explained(error)


def _run(request: Request, topic: str) -> ResultMessage | ErrorMessage:
    """Answer a request on a Dask worker; progress goes to the topic as ``(index, (share, message))``."""
    worker = get_worker()

    def report(done: float, total: float, message: str) -> None:
        worker.log_event(topic, (request.id, (done / total if total else 0.0, message)))

    progress = ThrottledProgress(report, interval=0.25)
    try:
        return answer(request, progress)
    finally:
        progress.flush()
