"""Jobs in a worker process, from a program that must stay responsive and alive: a panel, a browser application."""

import itertools
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from crosscontrast.jobs.job import Job
from crosscontrast.jobs.processes import worker_environment, worker_python
from crosscontrast.jobs.run import Run
from crosscontrast.jobs.worker_process import WorkerProcess


class WorkerClient:
    """Runs jobs in one warm worker process, one after another.

    The process starts with the first job and stays. After a cancel or a crash the next job starts a new one. It ends
    with :meth:`close`, or by itself when this program ends in whatever way. ``python`` is the interpreter to use
    (see :func:`~crosscontrast.jobs.processes.worker_python` for the default), ``environment`` is put on top of
    this program's; its PYTHONPATH comes before our own import path. Relative paths in a job are relative to the
    folder that was current when the worker started, so give absolute ones.
    """

    def __init__(self, python: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._python = python
        self._environment = dict(environment or {})
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the worker that was started last, None before the first."""
        return self._process.pid if self._process else None

    def submit(self, job: Job) -> Run:
        """Ask for a job and return at once; jobs submitted meanwhile wait their turn.

        Raises :class:`crosscontrast.errors.WorkerError` where the worker process cannot be started.
        """
        run = Run(job, next(self._numbers))
        with self._lock:
            if self._process is None or not self._process.take(run):
                python = str(self._python) if self._python else worker_python()
                self._process = WorkerProcess(python, worker_environment(self._environment), run)
        return run

    def cancel(self) -> None:
        """Stop all submitted jobs and every process they started; returns when those are gone.

        The runs end with :class:`crosscontrast.errors.CancelledError`. An idle worker stays warm.
        """
        with self._lock:
            if self._process and self._process.busy:
                self._process.cancel()

    def close(self) -> None:
        """End the worker; jobs still under way are cancelled. A later job would start a new one."""
        with self._lock:
            if self._process:
                self._process.close()
                self._process = None

    def __enter__(self) -> "WorkerClient":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
