"""Jobs in a worker process, as a panel or a script asks for them."""

import ctypes
import math
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
import sample_jobs
from sample_jobs import Add, Chatter, Fail, Hang, Measure, WaitFor

from crosscontrast.errors import (
    BadInputError,
    CancelledError,
    CrossContrastError,
    ModelError,
    OutOfMemoryError,
    WorkerError,
)
from crosscontrast.jobs.client import WorkerClient
from crosscontrast.jobs.processes import worker_python
from crosscontrast.jobs.registry import MORE_JOBS

HERE = str(Path(__file__).parent)
ENVIRONMENT = {MORE_JOBS: sample_jobs.AS_VARIABLE, "PYTHONPATH": HERE}


@pytest.fixture(scope="module")
def client():
    """One client for all tests: whatever one of them does to its worker, the next one's jobs must run."""
    with WorkerClient(environment=ENVIRONMENT) as client:
        yield client


def first_progress(run):
    """The first progress message of a run, waited for."""

    class ArrivedError(Exception):
        pass

    def report(done, total, message):
        raise ArrivedError(message)

    with pytest.raises(ArrivedError) as caught:
        run.wait(report)
    return str(caught.value)


def test_progress_and_typed_result_come_through(client):
    reports = []
    result = client.submit(Add(numbers=[1, 2, 3])).wait(lambda *report: reports.append(report))
    assert isinstance(result, sample_jobs.Number)
    assert result.value == 6
    assert reports[0] == (1, 3, "added 1")
    assert reports[-1] == (3, 3, "added 3")


def test_the_worker_stays_warm_between_jobs(client):
    first = client.submit(Add(numbers=[])).wait()
    second = client.submit(Add(numbers=[])).wait()
    assert first.pid == second.pid == client.pid != os.getpid()


def test_jobs_submitted_together_are_done_one_after_another(client):
    runs = [client.submit(Add(numbers=[number])) for number in range(20)]
    assert [run.wait().value for run in runs] == list(range(20))


def test_not_a_number_comes_back_as_such(client):
    assert math.isnan(client.submit(Measure(value=math.nan)).wait().value)


def test_polling_gives_each_message_once_and_does_not_wait(client, tmp_path):
    run = client.submit(WaitFor(file=tmp_path / "go"))
    assert first_progress(run) == "half"
    assert run.poll() == []
    assert not run.finished
    (tmp_path / "go").touch()
    messages = []
    while not run.finished:
        messages += run.poll()
    messages += run.poll()
    assert [message.type for message in messages] == ["result"]
    assert run.poll() == []


@pytest.mark.skipif(sys.platform == "win32", reason="libc")
def test_messages_arrive_in_a_host_that_holds_the_interpreter_between_polls(client):
    """Slicer's event loop runs compiled code without letting other Python threads run; only timers' calls do."""
    sleep_holding_the_interpreter = ctypes.PyDLL(None).usleep
    run = client.submit(Add(numbers=[1, 2]))
    messages = []
    for _ in range(500):
        sleep_holding_the_interpreter(20_000)
        messages += run.poll()
        if run.finished:
            break
    assert [message.type for message in messages + run.poll()][-1] == "result"


def test_printing_jobs_do_not_disturb(client):
    assert client.submit(Chatter()).wait().value == 0


@pytest.mark.parametrize(
    ("how", "kind"),
    [("model", ModelError), ("memory", OutOfMemoryError), ("torch memory", OutOfMemoryError), ("", CrossContrastError)],
)
def test_the_error_of_a_job_is_raised_with_its_own_class_and_the_worker_stays(client, how, kind):
    run = client.submit(Fail(how=how))
    pid = client.pid
    with pytest.raises(kind) as caught:
        run.wait()
    assert type(caught.value) is kind
    assert caught.value.hint
    assert client.submit(Add(numbers=[])).wait().pid == pid


def test_a_job_that_the_worker_does_not_know_is_refused_there():
    with WorkerClient(environment={MORE_JOBS: ""}) as client, pytest.raises(BadInputError, match="no job"):
        client.submit(Add(numbers=[])).wait()


def test_cancelling_ends_the_processes_of_the_job_too_and_the_next_job_gets_a_new_worker(client):
    run, waiting = client.submit(Hang()), client.submit(Add(numbers=[1]))
    pid, child = client.pid, int(first_progress(run))
    client.cancel()
    assert not psutil.pid_exists(pid)
    assert not psutil.pid_exists(child)
    for cancelled in (run, waiting):
        assert cancelled.finished
        with pytest.raises(CancelledError):
            cancelled.wait()
    assert client.submit(Add(numbers=[1, 1])).wait().pid != pid


def test_a_cancel_that_comes_too_late_leaves_the_worker_warm(client):
    client.cancel()
    pid = client.submit(Add(numbers=[])).wait().pid
    client.cancel()
    assert client.submit(Add(numbers=[])).wait().pid == pid


def test_a_worker_killed_in_the_middle_gives_an_error_that_names_memory_and_leaves_nothing(client):
    run = client.submit(Hang())
    child = psutil.Process(int(first_progress(run)))
    os.kill(client.pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match="SIGKILL") as caught:
        run.wait()
    assert "memory" in caught.value.hint
    child.wait(timeout=10)
    assert client.submit(Add(numbers=[2])).wait().value == 2


def test_a_crash_is_explained_by_the_last_lines_of_the_worker(client):
    with pytest.raises(WorkerError, match="exit code 7") as caught:
        client.submit(Fail(how="crash")).wait()
    assert "the last words" in caught.value.hint
    assert client.submit(Add(numbers=[2])).wait().value == 2


def test_a_worker_that_died_while_idle_is_replaced_without_a_word(client):
    pid = client.submit(Add(numbers=[])).wait().pid
    process = psutil.Process(pid)
    process.kill()
    process.wait(timeout=10)
    assert client.submit(Add(numbers=[1])).wait().pid != pid


@pytest.fixture
def interpreter(tmp_path):
    """Makes a program that stands in for the interpreter and does what the test says instead of being a worker."""

    def make(code):
        path = tmp_path / "python-of-the-test"
        path.write_text(f"#!{sys.executable}\n{textwrap.dedent(code)}")
        path.chmod(0o755)
        return path

    return make


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print('Loading your environment...', flush=True); input(); input()", "Loading your environment"),
        ("""print('{"type": "result", "id": 77, "outputs": {}}', flush=True); input(); input()""", "not an answer"),
        ("import os; os.close(1); input(); input()", "closed its output"),
        ("raise SystemExit('No module named crosscontrast')", "exit code 1"),
        ('import os; os.write(1, b\'{"type": "res\'); os._exit(3)', "exit code 3"),
    ],
)
def test_a_process_that_is_not_a_worker_gives_an_error_and_is_gone(interpreter, code, reason):
    with WorkerClient(python=interpreter(code)) as client:
        run = client.submit(Add(numbers=[]))
        with pytest.raises(WorkerError, match=reason):
            run.wait()
        assert not psutil.pid_exists(client.pid)


def test_what_the_failed_process_said_is_the_hint(interpreter):
    python = interpreter("raise SystemExit('no crosscontrast here')")
    with WorkerClient(python=python) as client, pytest.raises(WorkerError) as caught:
        client.submit(Add(numbers=[])).wait()
    assert "no crosscontrast here" in caught.value.hint


def test_an_interpreter_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(WorkerError, match="nowhere"):
        WorkerClient(python=tmp_path / "nowhere").submit(Add(numbers=[]))


def test_closing_cancels_what_is_under_way_and_leaves_no_process():
    client = WorkerClient(environment=ENVIRONMENT)
    run = client.submit(Hang())
    pid, child = client.pid, int(first_progress(run))
    client.close()
    assert not psutil.pid_exists(pid)
    assert not psutil.pid_exists(child)
    with pytest.raises(CancelledError):
        run.wait()


def test_nothing_stays_when_the_program_is_killed_in_the_middle_of_a_job():
    program = """
        from sample_jobs import Hang
        from crosscontrast.jobs.client import WorkerClient
        client = WorkerClient()
        run = client.submit(Hang())
        run.wait(lambda done, total, message: print(client.pid, message, flush=True))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    environment = {**os.environ, **ENVIRONMENT}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        left = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(left) == 2
    _, alive = psutil.wait_procs(left, timeout=20)
    assert alive == []


def test_where_the_program_is_not_python_the_interpreter_of_slicer_is_found(tmp_path, monkeypatch):
    folder = tmp_path / "Slicer" / "bin"
    folder.mkdir(parents=True)
    (folder / "PythonSlicer").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(folder / "SlicerApp-real"))
    assert worker_python() == str(folder / "PythonSlicer")
    (folder / "PythonSlicer").unlink()
    with pytest.raises(WorkerError, match="SlicerApp-real"):
        worker_python()
