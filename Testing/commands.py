"""The command line in this process, which saves seconds of imports a run, or as the process that a user starts.

Both give exit code, stdout and stderr in the same way. Of every command some runs stay real ones.
"""

import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from click.testing import CliRunner

from crosscontrast.cli.main import main


@dataclass(frozen=True)
class Run:
    """What a command left behind, named as in ``subprocess.CompletedProcess``."""

    returncode: int
    stdout: str
    stderr: str


def process(
    *arguments: object, launcher: tuple[str, ...] = (), timeout: float = 280, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run ``crosscontrast`` as a process of its own, or as what a ``launcher`` starts (``-m torch.distributed.run``).

    ``options`` are those of ``subprocess.run``.
    """
    command = [sys.executable, *launcher, "-m", "crosscontrast.cli", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    options = {"env": environment, "timeout": timeout, **options}
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def crosscontrast(*arguments: object) -> Run:
    """Run ``crosscontrast`` in this process and hear all that a process would have said.

    What libraries in C++ print past Python, and Python's warnings, are on stderr as well: a test that expects one
    sentence there must see them.
    """
    with _heard(1) as out, _heard(2) as err, _own_warnings(), _own_logging():
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="crosscontrast")
    return Run(result.exit_code, result.stdout + out.text, result.stderr + err.text)


@dataclass
class _Heard:
    text: str = field(default="")


@contextmanager
def _heard(descriptor: int) -> Iterator[_Heard]:
    """Collect what is written to a file descriptor past ``sys.stdout`` and ``sys.stderr``."""
    heard = _Heard()
    with tempfile.TemporaryFile() as file:
        before = os.dup(descriptor)
        os.dup2(file.fileno(), descriptor)
        try:
            yield heard
        finally:
            os.dup2(before, descriptor)
            os.close(before)
            file.seek(0)
            heard.text = file.read().decode(errors="replace")


@contextmanager
def _own_warnings() -> Iterator[None]:
    """Print warnings to stderr as ``python`` does, where pytest would collect them."""

    def show(message: Any, category: Any, filename: Any, lineno: Any, file: Any = None, line: Any = None) -> None:
        print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)

    with warnings.catch_warnings():
        warnings.resetwarnings()
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        warnings.showwarning = show
        yield


@contextmanager
def _own_logging() -> Iterator[None]:
    """Begin without handlers, as a process does: the command's own write to the stderr of their run only."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
