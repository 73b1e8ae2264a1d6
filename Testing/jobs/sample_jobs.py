"""Jobs that do, briefly, what real jobs do and what goes wrong in them. Worker processes import this module."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from crosscontrast.errors import ModelError
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress

MODULE = Path(__file__).stem


class Number(JobResult):
    value: float
    pid: int = Field(default_factory=os.getpid)


class Add(Job):
    """Adds, with a progress report for each number."""

    kind: ClassVar[str] = "test.add"
    numbers: list[float]

    def run(self, progress: Progress) -> Number:
        total = 0.0
        for done, number in enumerate(self.numbers, start=1):
            total += number
            progress(done, len(self.numbers), f"added {number:g}")
        return Number(value=total)


class Fail(Job):
    """Fails in the named way."""

    kind: ClassVar[str] = "test.fail"
    how: str

    def run(self, progress: Progress) -> Number:
        if self.how == "model":
            raise ModelError("The model cord@9 is not in the library.", hint="See 'crosscontrast models list'.")
        if self.how == "memory":
            raise MemoryError
        if self.how == "torch memory":
            import torch

            torch.empty(2**60)
        if self.how == "exit":
            sys.exit(3)
        if self.how == "crash":
            print("the last words", file=sys.stderr, flush=True)
            os._exit(7)
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise ZeroDivisionError("one by none")


class Hang(Job):
    """Starts a process that sleeps, says so by its progress, and waits for it."""

    kind: ClassVar[str] = "test.hang"

    def run(self, progress: Progress) -> Number:
        child = subprocess.Popen(["sleep", "600"])
        progress(0, 1, str(child.pid))
        return Number(value=child.wait())


class WaitFor(Job):
    """Works until a file is there, so that a test decides when the job may end."""

    kind: ClassVar[str] = "test.wait"
    file: Path

    def run(self, progress: Progress) -> Number:
        progress(1, 2, "half")
        while not self.file.exists():
            time.sleep(0.01)
        return Number(value=1)


class Chatter(Job):
    """Prints to stdout in every way there is and tries to read stdin."""

    kind: ClassVar[str] = "test.chatter"

    def run(self, progress: Progress) -> Number:
        print("printed by Python")
        os.write(1, b"written by C\n")
        subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)
        return Number(value=len(os.read(0, 100)))


class Threads(Job):
    """Tells how many threads numerical libraries are allowed."""

    kind: ClassVar[str] = "test.threads"

    def run(self, progress: Progress) -> Number:
        return Number(value=float(os.environ["OMP_NUM_THREADS"]))


class Measure(Job):
    """Returns a value that JSON has no word for."""

    kind: ClassVar[str] = "test.measure"
    value: float

    def run(self, progress: Progress) -> Number:
        return Number(value=self.value)


class Mislabelled(Job):
    """Returns something else than it promises."""

    kind: ClassVar[str] = "test.mislabelled"

    def run(self, progress: Progress) -> JobResult:
        return Number(value=1)


JOBS = (Add, Fail, Hang, WaitFor, Chatter, Threads, Measure, Mislabelled)
AS_VARIABLE = ",".join(f"{job.kind}={MODULE}:{job.__name__}" for job in JOBS)
