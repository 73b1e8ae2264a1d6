"""Many jobs: here one after another, on several processes of this machine, or on a cluster."""

import socket
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from crosscontrast.errors import CancelledError, CrossContrastError
from crosscontrast.ground.device import DeviceWarning
from crosscontrast.jobs.failures import explained
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, silent


@dataclass(frozen=True)
class Outcome:
    """What became of one job: its result, or the error that ended it."""

    job: Job
    result: JobResult | None = None
    error: CrossContrastError | None = None


def map_jobs(
    jobs: Sequence[Job], *, workers: int = 1, scheduler: str | None = None, progress: Progress = silent
) -> Iterator[Outcome]:
    """Run all jobs and yield their outcomes in the order of the jobs; a failing job never stops the others.

    Parameters
    ----------
    jobs : sequence of Job
        Of one kind or several.
    workers : int, default 1
        With more than one, so many processes of this machine, which share its cores and memory; else this process.
    scheduler : str, optional
        Address of a Dask scheduler (``tcp://host:8786``) whose workers do it instead; they need the same packages and
        see the same files.
    progress : callable, optional
        Called as ``progress(done, total, message)`` in the caller's thread, with the number of finished jobs plus the
        shares of those under way, of ``len(jobs)``.

    Yields
    ------
    Outcome
        The job, and its ``result`` or its ``error``. The work begins with the first one asked for.

    Raises
    ------
    WorkerError
        Where the scheduler does not answer or has no workers.
    CancelledError
        As KeyboardInterrupt, it stops the whole map.

    Examples
    --------
    >>> jobs = [make_job("cord.csa", seg=name, out="areas") for name in ("absent.nii.gz", "missing.nii.gz")]
    >>> [str(outcome.error) for outcome in map_jobs(jobs)]
    ['absent.nii.gz does not exist.', 'missing.nii.gz does not exist.']
    """
    if not jobs or (scheduler is None and workers <= 1):
        return _map_here(jobs, progress)
    if scheduler is None and not _loopback():
        warnings.warn(
            "Processes cannot talk to each other here (no loopback interface), so the jobs run one after another.",
            DeviceWarning,
            stacklevel=2,
        )
        return _map_here(jobs, progress)
    # Dask takes a second to import, which --help and a single job need not pay.
    from crosscontrast.jobs.cluster import map_on_cluster, map_on_processes

    outcomes = map_on_cluster(jobs, scheduler, progress) if scheduler else map_on_processes(jobs, workers, progress)
    return _paired(jobs, outcomes)


def _loopback() -> bool:
    """Tell whether a process can reach another one of this machine; containers without a network may have no such."""
    try:
        # Without one an address can be listened on all the same, but not be reached.
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5):
            return True
    except OSError:
        return False


def _map_here(jobs: Sequence[Job], progress: Progress) -> Iterator[Outcome]:
    for finished, job in enumerate(jobs):

        def report(done: float, total: float, message: str, finished: int = finished) -> None:
            progress(finished + (done / total if total else 0.0), len(jobs), message)

        try:
            outcome = Outcome(job, result=job.run(report))
        except CancelledError:
            raise
        except Exception as error:
            outcome = Outcome(job, error=explained(error))
        progress(finished + 1, len(jobs), "")
        yield outcome


def _paired(jobs: Sequence[Job], outcomes: Generator[JobResult | CrossContrastError, None, None]) -> Iterator[Outcome]:
    with closing(outcomes):  # ends the cluster at once where the caller stops early
        for job, found in zip(jobs, outcomes, strict=True):
            if isinstance(found, CrossContrastError):
                yield Outcome(job, error=found)
            else:
                yield Outcome(job, result=found)
