"""A Dask cluster of processes on this machine, set up for jobs and gone without a trace afterwards."""

import logging
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster, Worker, WorkerPlugin
from distributed.utils import silence_logging_cmgr

from crosscontrast.jobs.processes import end_tree, worker_python

# Dask's defaults suit many small tasks that pass data on; a job is one large task that writes files.
_LOCAL_CONFIG = {
    "distributed.scheduler.allowed-failures": 0,  # what killed a process is not tried on the next one at once
    "distributed.scheduler.worker-ttl": None,  # compiled code may keep a busy worker from answering for minutes
    "distributed.worker.daemon": False,  # so that jobs may start processes of their own
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,  # a paused worker with a loaded model would never wake up
}
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_SET_BY_DASK = ("MALLOC_TRIM_THRESHOLD_", "PYTHONHASHSEED")


@contextmanager
def local_cluster(workers: int) -> Iterator[Client]:
    """Give a client of so many processes with one job each at a time and an equal share of cores and memory.

    They end with the block; where it ends by an exception, at once and with every process that a job has started.
    """
    multiprocessing.set_executable(worker_python())  # inside Slicer, sys.executable would start a second Slicer
    with (
        silence_logging_cmgr(logging.CRITICAL),
        _threads_per_process(max(1, CPU_COUNT // workers)),
        dask.config.set(_LOCAL_CONFIG),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # where Dask serves its health page even without dashboard
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.register_plugin(_CalmAtInterrupt())
        try:
            yield client
        except BaseException:  # an interrupt, or the caller wants no more: jobs may be in the middle
            _end_processes(cluster)
            raise


def _end_processes(cluster: LocalCluster) -> None:
    """End the workers and what their jobs have started: Dask does not know those, and gives a busy worker 4 s."""
    nannies = list(cluster.workers.values())
    for nanny in nannies:
        nanny.close_gracefully()  # that is: no new process for one that has gone
    for nanny in nannies:
        if nanny.pid:
            end_tree(nanny.pid)


class _CalmAtInterrupt(WorkerPlugin):
    """Keeps a local worker from printing a traceback at Ctrl-C, which reaches it too; we end it ourselves."""

    def setup(self, worker: Worker) -> None:
        """Called in the main thread of each worker process, restarted ones too."""
        # A handler that does nothing: unlike SIG_IGN it is not inherited by the processes that jobs start.
        signal.signal(signal.SIGINT, lambda *_: None)


@contextmanager
def _threads_per_process(threads: int) -> Iterator[None]:
    """Let processes started inside compute with so many threads each.

    The libraries read this from the environment when they are loaded, so it must be there before the process is.
    Dask puts variables of its own into our environment as well; all are as before afterwards.
    """
    before = {name: os.environ.get(name) for name in (*_THREAD_VARIABLES, *_SET_BY_DASK)}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
