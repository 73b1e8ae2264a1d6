"""Many jobs, in every place where they can run."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import sample_jobs
from dask.system import CPU_COUNT
from distributed import LocalCluster
from sample_jobs import Add, Fail, Threads, WaitFor

from crosscontrast.errors import CancelledError, CrossContrastError, ModelError, WorkerError
from crosscontrast.jobs.mapping import map_jobs
from crosscontrast.jobs.processes import end_tree
from crosscontrast.jobs.registry import MORE_JOBS

HERE = str(Path(__file__).parent)
ENVIRONMENT = {**os.environ, MORE_JOBS: sample_jobs.AS_VARIABLE, "PYTHONPATH": HERE}
MIXED = [Add(numbers=[1]), Fail(how="model"), Add(numbers=[2]), Fail(how=""), Add(numbers=[3, 3])]


@pytest.fixture(autouse=True)
def _test_jobs(monkeypatch):
    monkeypatch.setenv(MORE_JOBS, sample_jobs.AS_VARIABLE)


@contextmanager
def dask_cluster(folder, workers):
    """A scheduler's process and its address, with single-threaded workers, all started as users start them."""
    dask = [sys.executable, "-m", "dask"]
    command = [*dask, "scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard"]
    with ExitStack() as stack:
        process = stack.enter_context(ended(command, stderr=subprocess.PIPE))
        address = next(line.split()[-1] for line in process.stderr if "Scheduler at:" in line)
        options = ["--nworkers", str(workers), "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
        worker = stack.enter_context(ended([*dask, "worker", address, *options], stderr=subprocess.PIPE))
        for _ in range(workers):
            next(line for line in worker.stderr if "Registered to:" in line)
        yield process, address


@contextmanager
def ended(command, **pipes):
    process = subprocess.Popen(command, text=True, env=ENVIRONMENT, **pipes)
    try:
        yield process
    finally:
        end_tree(process.pid)
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask"), workers=2) as (_, address):
        yield address


@pytest.fixture(params=["here", "processes", "scheduler"])
def place(request):
    if request.param == "scheduler":
        return {"scheduler": request.getfixturevalue("scheduler")}
    return {"workers": 1 if request.param == "here" else 2}


def check_mixed(outcomes):
    assert [outcome.job for outcome in outcomes] == MIXED
    assert [outcome.result and outcome.result.value for outcome in outcomes] == [1, None, 2, None, 6]
    errors = [outcome.error for outcome in outcomes]
    assert [type(error) for error in errors] == [type(None), ModelError, type(None), CrossContrastError, type(None)]
    assert errors[1].hint == "See 'crosscontrast models list'."
    assert errors[3].kind == "internal"


def test_outcomes_come_in_order_and_failures_stop_nothing(place):
    reports = []
    check_mixed(list(map_jobs(MIXED, **place, progress=lambda *report: reports.append(report))))
    done = [report[0] for report in reports]
    assert done[-1] == len(MIXED)
    assert {report[1] for report in reports} == {len(MIXED)}


def test_no_jobs_give_no_outcomes():
    assert list(map_jobs([], workers=2)) == []


def test_progress_holds_the_shares_of_jobs_under_way(place, tmp_path):
    def report(done, total, message):
        reports.append((done, total, message))
        if message == "half":
            (tmp_path / "go").touch()

    reports = []
    list(map_jobs([WaitFor(file=tmp_path / "go")], **place, progress=report))
    assert reports[0] == (0.5, 1, "half")
    assert reports[-1][:2] == (1, 1)


def test_a_cancel_from_the_progress_stops_the_whole_map(place, tmp_path):
    def report(done, total, message):
        raise CancelledError("Enough.")

    jobs = [Add(numbers=[1]), WaitFor(file=tmp_path / "later")]
    with pytest.raises(CancelledError, match="Enough"):
        list(map_jobs(jobs, **place, progress=report))
    (tmp_path / "later").touch()  # a foreign scheduler's worker cannot be stopped in the middle of a job


def test_outcomes_can_be_taken_one_by_one_and_left_with_no_process_behind(place, tmp_path):
    outcomes = map_jobs([Add(numbers=[1]), WaitFor(file=tmp_path / "later")], **place)
    assert next(outcomes).result.value == 1
    outcomes.close()
    (tmp_path / "later").touch()
    children = psutil.Process().children()
    assert [child for child in children if "spawn_main" in " ".join(child.cmdline())] == []


def test_only_the_jobs_that_kill_their_process_fail():
    jobs = [Add(numbers=[0]), Fail(how="crash"), Add(numbers=[1]), Add(numbers=[2]), Fail(how="kill"), Add(numbers=[3])]
    outcomes = list(map_jobs(jobs, workers=2))
    assert [outcome.result and outcome.result.value for outcome in outcomes] == [0, None, 1, 2, None, 3]
    for killer in (outcomes[1], outcomes[4]):
        assert type(killer.error) is WorkerError
        assert "memory" in killer.error.hint


def test_a_job_that_kills_workers_of_a_scheduler_fails_and_the_rest_finish(scheduler):
    jobs = [Fail(how="crash"), *(Add(numbers=[n]) for n in range(4))]
    outcomes = list(map_jobs(jobs, scheduler=scheduler))
    assert type(outcomes[0].error) is WorkerError
    assert [outcome.error for outcome in outcomes[1:]] == [None] * 4
    assert [outcome.result.value for outcome in outcomes[1:]] == [0, 1, 2, 3]


def test_local_processes_share_the_cores_and_leave_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    before = dict(os.environ)
    outcomes = list(map_jobs([Threads(), Threads()], workers=2))
    assert [outcome.result.value for outcome in outcomes] == [max(1, CPU_COUNT // 2)] * 2
    assert dict(os.environ) == before


@pytest.fixture
def impatience(monkeypatch):
    monkeypatch.setattr("crosscontrast.jobs.cluster.ANSWER_TIME", 1)


@pytest.mark.usefixtures("impatience")
def test_an_address_without_scheduler_is_refused_within_seconds():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening, and nobody else can
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(WorkerError, match=address):
            list(map_jobs(MIXED, scheduler=address))


@pytest.mark.usefixtures("impatience")
def test_a_scheduler_without_workers_is_refused_within_seconds():
    with (
        LocalCluster(n_workers=0, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0") as cluster,
        pytest.raises(WorkerError, match="no workers"),
    ):
        list(map_jobs(MIXED, scheduler=cluster.scheduler_address))


@pytest.mark.usefixtures("impatience")
def test_jobs_of_a_scheduler_that_dies_in_the_middle_fail_one_by_one(tmp_path):
    with dask_cluster(tmp_path, workers=1) as (process, address):
        jobs = [WaitFor(file=tmp_path / "never"), Add(numbers=[1])]
        outcomes = list(map_jobs(jobs, scheduler=address, progress=lambda *report: process.kill()))
    assert [type(outcome.error) for outcome in outcomes] == [WorkerError, WorkerError]


@pytest.mark.parametrize("address", ["nonsense", "tcp://", "carrier-pigeon://host:1"])
def test_what_is_no_address_is_refused_and_no_thread_is_left(address):
    before = threading.active_count()
    with pytest.raises(WorkerError, match="No Dask scheduler answers"):
        list(map_jobs(MIXED, scheduler=address))
    assert threading.active_count() <= before


def start_hanging_map(**place):
    """A program in the middle of a map of hanging jobs, and the processes those jobs started."""
    program = f"""
        import signal
        from sample_jobs import Hang
        from crosscontrast.jobs.mapping import map_jobs
        def report(done, total, message):
            print(message, flush=True)
        if __name__ == "__main__":
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background commands ignore it
            list(map_jobs([Hang(), Hang()], progress=report, **{place}))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    pipe = subprocess.PIPE
    parent = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=ENVIRONMENT, start_new_session=True)
    return parent, [psutil.Process(int(parent.stdout.readline())) for _ in range(2)]


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_interrupting_a_local_map_ends_every_process_without_chatter():
    parent, _ = start_hanging_map(workers=2)
    family = psutil.Process(parent.pid).children(recursive=True)
    os.killpg(parent.pid, signal.SIGINT)  # as the terminal does
    _, stderr = parent.communicate(timeout=30)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert stderr.count("Traceback") == 1
    assert stderr.strip().endswith("KeyboardInterrupt")


def test_a_local_map_and_its_failures_print_nothing():
    program = """
        from sample_jobs import Add, Fail
        from crosscontrast.jobs.mapping import map_jobs
        if __name__ == "__main__":
            list(map_jobs([Fail(how="kill"), Add(numbers=[1]), Fail(how="model")], workers=2))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=True)
    assert (done.stdout, done.stderr) == ("", "")
