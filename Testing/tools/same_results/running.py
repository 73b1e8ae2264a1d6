"""Runs steps in a checkout, each in a folder and with a home of its own, and keeps what they printed."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from same_results.commands import Step

#: One thread, as sums over threads depend on their number; no terminal, no colours, one time zone.
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "COLUMNS": "120",
    "NO_COLOR": "1",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "USER": "somebody",
    "LOGNAME": "somebody",
    "QT_QPA_PLATFORM": "offscreen",
}
_TIMEOUT = 1800
#: What the program itself says on the error channel. Beside it are its progress, told as time goes on, and the logs
#: of libraries with their ports and process numbers.
_SAID = re.compile(r"error: |warning: |\d+ of \d+ |Error: |Usage: |Traceback ")
#: Every interpreter imports it first. A reader study draws the salt of its neutral names from this.
_SITE = """
import secrets
secrets.token_hex = lambda nbytes=32: "5a" * nbytes
"""
#: Prints the file of the package that the command imports, without importing it.
_ORIGIN = """
from importlib import metadata, util
(script,) = metadata.entry_points(group="console_scripts", name="crosscontrast")
print(util.find_spec(script.module.split(".")[0]).origin)
"""


@dataclass(frozen=True)
class Checkout:
    """A working copy with its interpreter."""

    root: Path
    python: Path

    @classmethod
    def at(cls, root: Path, python: Path | None) -> "Checkout":
        """Return the checkout in ``root``; ends the program where its command is not installed."""
        # Not resolved: the interpreter of a virtual environment is a link, and knows its place by it.
        found = cls(root.resolve(), (python or root / ".venv/bin/python").absolute())
        if not found.command.exists():
            raise SystemExit(f"{found.command} does not exist: install the checkout first, or give --python.")
        origin = _printed_by(found.python, "-c", _ORIGIN)
        if not Path(origin).resolve().is_relative_to(found.root):
            raise SystemExit(f"{found.command} runs {origin}, which is not in {found.root}.")
        return found

    @property
    def command(self) -> Path:
        """The installed ``crosscontrast``."""
        return self.python.parent / "crosscontrast"

    @property
    def prefix(self) -> Path:
        """The virtual environment."""
        return self.python.parent.parent

    def version(self) -> str:
        """What ``crosscontrast --version`` says, without the program's name."""
        return _printed_by(self.command, "--version").split()[-1]


@dataclass
class Run:
    """What a checkout left behind: a folder per step, and by step what was printed and the processor time in s.

    The steps ran in ``working``, which was moved to ``folder`` afterwards.
    """

    name: str
    checkout: Checkout
    version: str
    working: Path
    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)
    printed: dict[str, list[str]] = field(default_factory=dict)


class Runner:
    """Runs steps in ``place/run``, which is then put aside under the name of the run."""

    def __init__(self, place: Path, jobs: int) -> None:
        self.place, self.jobs = place, jobs
        self.inputs, self.working, self._site = place / "inputs", place / "run", place / "site"
        self._site.mkdir(exist_ok=True)
        (self._site / "sitecustomize.py").write_text(_SITE)

    def run(self, checkout: Checkout, steps: Sequence[Step], name: str) -> Run:
        """Run all steps, those that need others after them, and move the folder to ``place/name``."""
        shutil.copytree(self.inputs, self.working / "inputs", symlinks=True)
        run = Run(name, checkout, checkout.version(), self.working, self.place / name)
        futures: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(self.jobs) as pool:
            for step in steps:
                needs = [futures[need] for need in step.needs if need in futures]
                futures[step.name] = pool.submit(self._step, checkout, step, run, needs)
            for future in futures.values():
                future.result()
        self.working.rename(run.folder)
        return run

    def _step(self, checkout: Checkout, step: Step, run: Run, needs: Sequence["Future[None]"]) -> None:
        # No deadlock: what a step needs stands above it in the table and was given to the pool before.
        for need in needs:
            need.result()
        folder = self.working / step.name
        folder.mkdir(parents=True)
        for source in step.copies:
            shutil.copytree(self.working / "inputs" / source, folder / source, symlinks=True)
        for name, text in step.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        called = [self.call(checkout, line, folder, step) for line in step.commands]
        run.printed[step.name] = [printed for printed, _ in called]
        (self.working / f"{step.name}.txt").write_text("\n".join(run.printed[step.name]), encoding="utf-8")
        run.seconds[step.name] = sum(seconds for _, seconds in called)
        print(f"  {run.name}: {step.name} {run.seconds[step.name]:.1f} s", flush=True)

    def call(self, checkout: Checkout, line: str, folder: Path, step: Step | None = None) -> tuple[str, float]:
        """Run one command in ``folder``; return exit code and all that it printed, and its processor time in s."""
        kill = bool(step and step.kill_after and line == step.commands[0])
        channels = folder / ".stdout", folder / ".stderr"
        with channels[0].open("w") as out, channels[1].open("w") as err:
            where = {"cwd": folder, "env": self._environment(folder), "stdin": subprocess.DEVNULL}
            process = subprocess.Popen(_words(checkout, line), stdout=out, stderr=err, **where)
            timer = threading.Timer(_TIMEOUT, process.kill)
            timer.start()
            if step and kill:
                _kill_after(process, folder / "out" / "checkpoint.pt", step.kill_after)
            code, seconds = _wait(process)
            timer.cancel()
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in channels]
        for path in channels:
            path.unlink()
        if kill:
            # How far it came is chance; that it was in the middle is what matters.
            ended = "killed" if code == -signal.SIGKILL else f"ended with {code} before it was killed"
            return f"$ {line}\n{ended}\n", seconds
        if code == -signal.SIGKILL:
            raise SystemExit(f"{line}: it lacked memory, or took more than {_TIMEOUT} s.")
        said = "\n".join(text for text in texts[1].splitlines() if _SAID.match(text))
        return f"$ {line}\nexit code {code}\n{texts[0]}\n--- errors ---\n{said}\n", seconds

    def _environment(self, folder: Path) -> dict[str, str]:
        home = folder / "home"
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        homes = {"HOME": home, "TMPDIR": home / "tmp", "MPLCONFIGDIR": self.place / "matplotlib"}
        homes |= {f"XDG_{kind}_HOME": home / kind.lower() for kind in ("DATA", "CONFIG", "CACHE", "STATE")}
        kept["PYTHONPATH"] = str(self._site)
        return kept | _ENVIRONMENT | {name: str(path) for name, path in homes.items()}


def _printed_by(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def _words(checkout: Checkout, line: str) -> list[str]:
    """The command of a line: ``crosscontrast`` with its words, or by torchrun in two processes."""
    words = shlex.split(line)
    if words[0] != "torchrun":
        return [str(checkout.command), *words]
    launcher = [str(checkout.python), "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return [*launcher, "--no-python", str(checkout.command), *words[1:]]


def _wait(process: subprocess.Popen) -> tuple[int, float]:
    """Return the exit code, and the processor time of the process and of those that it started and waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def _kill_after(process: subprocess.Popen, checkpoint: Path, times: int) -> None:
    """Kill ``process`` (as a power cut would) once it has written ``checkpoint`` so many times."""
    last, seen = 0, 0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        try:
            now = checkpoint.stat().st_ino ^ checkpoint.stat().st_mtime_ns
        except OSError:
            now = 0
        if now not in (0, last):
            last, seen = now, seen + 1
        if seen >= times:
            process.kill()
            return
        time.sleep(0.002)
