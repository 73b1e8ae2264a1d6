"""The worker process itself, spoken to through its pipes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import sample_jobs

from crosscontrast import __version__

HERE = str(Path(__file__).parent)


class Conversation:
    """A worker process and one line at a time."""

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": HERE, "CROSSCONTRAST_JOBS": sample_jobs.AS_VARIABLE}
        command = [sys.executable, "-m", "crosscontrast.jobs.worker"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
        self.hello = self.hear()

    def say(self, line):
        self.process.stdin.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def answer(self, request):
        """The last message for a request; the others are progress."""
        self.say(request)
        while (message := self.hear())["type"] == "progress":
            pass
        return message

    def still_works(self):
        return self.answer({"id": 99, "job": "test.add", "parameters": {"numbers": [1, 2]}})["outputs"]["value"] == 3


def talk():
    conversation = Conversation()
    with conversation.process as process:
        yield conversation
        process.kill()


#: A worker that goes on after everything the tests say to it, and one for tests that end it.
lasting_worker = pytest.fixture(talk, scope="module", name="lasting_worker")
worker = pytest.fixture(talk, name="worker")


def test_it_greets_with_its_version_and_process_id(worker):
    assert worker.hello == {"type": "ready", "version": __version__, "pid": worker.process.pid}


def test_progress_and_result_carry_the_id_of_the_request(lasting_worker):
    lasting_worker.say({"id": 7, "job": "test.add", "parameters": {"numbers": [1, 2.5]}})
    messages = [lasting_worker.hear()]
    while messages[-1]["type"] == "progress":
        messages.append(lasting_worker.hear())
    *progress, result = messages
    assert progress[0] == {"type": "progress", "id": 7, "done": 1, "total": 2, "message": "added 1"}
    assert progress[-1] == {"type": "progress", "id": 7, "done": 2, "total": 2, "message": "added 2.5"}
    assert (result["type"], result["id"], result["outputs"]["value"]) == ("result", 7, 3.5)


@pytest.mark.parametrize(
    "line", [b"\n", b"segment please\n", b'{"id": 1\n', b"[]\n", b'{"id": 1, "parameters": {}}\n', b"\xff\xfe\n"]
)
def test_a_line_that_is_no_request_gives_an_error_and_the_worker_goes_on(lasting_worker, line):
    message = lasting_worker.answer(line)
    assert (message["type"], message["id"], message["kind"]) == ("error", None, "bad-input")
    assert "\n" not in message["message"]
    assert lasting_worker.still_works()


@pytest.mark.parametrize(
    ("job", "parameters", "kind", "part"),
    [
        ("cord.colour", {}, "bad-input", "no job 'cord.colour'"),
        ("test.add", {"numbers": "many"}, "bad-input", "numbers: "),
        ("test.fail", {"how": "model"}, "model", "cord@9"),
        ("test.fail", {"how": "memory"}, "out-of-memory", "memory"),
        ("test.fail", {"how": "torch memory"}, "out-of-memory", "memory"),
        ("test.fail", {"how": "exit"}, "internal", "SystemExit"),
        ("test.fail", {"how": "otherwise"}, "internal", "ZeroDivisionError: one by none"),
        ("test.mislabelled", {}, "internal", "returned Number, not JobResult"),
    ],
)
def test_a_failing_job_gives_a_structured_error_and_the_worker_goes_on(lasting_worker, job, parameters, kind, part):
    message = lasting_worker.answer({"id": 4, "job": job, "parameters": parameters})
    assert (message["type"], message["id"], message["kind"]) == ("error", 4, kind)
    assert part in message["message"]
    assert lasting_worker.still_works()


def test_what_libraries_print_goes_to_stderr_and_what_they_read_is_nothing(worker):
    message = worker.answer({"id": 1, "job": "test.chatter"})
    assert message["outputs"]["value"] == 0
    assert worker.still_works()
    _, stderr = worker.process.communicate()
    for printed in (b"printed by Python", b"written by C", b"printed by a child"):
        assert printed in stderr


def test_the_traceback_of_an_unforeseen_error_is_on_stderr(worker):
    worker.answer({"id": 1, "job": "test.fail", "parameters": {"how": "otherwise"}})
    _, stderr = worker.process.communicate()
    assert b"ZeroDivisionError: one by none" in stderr
    assert b"sample_jobs.py" in stderr


def test_an_idle_worker_ends_quietly_when_its_stdin_is_closed(worker):
    assert worker.still_works()
    stdout, stderr = worker.process.communicate(timeout=30)
    assert (worker.process.returncode, stdout, stderr) == (0, b"", b"")


def test_a_working_worker_and_the_processes_of_its_job_end_when_its_stdin_is_closed(worker):
    worker.say({"id": 1, "job": "test.hang"})
    child = psutil.Process(int(worker.hear()["message"]))
    worker.process.stdin.close()
    worker.process.wait(timeout=30)
    child.wait(timeout=30)
