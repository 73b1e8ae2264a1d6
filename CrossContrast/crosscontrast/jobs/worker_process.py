"""One life of a worker process: its pipes, the threads that read them, and why it ended."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from crosscontrast import __version__
from crosscontrast.errors import CancelledError, CrossContrastError, WorkerError
from crosscontrast.jobs.processes import GRACE, end_tree, is_alive
from crosscontrast.jobs.protocol import Message, Ready, Request, error_from, parse_message
from crosscontrast.jobs.run import Run

log = logging.getLogger(__name__)

#: How many of the last lines of the worker's stderr an error quotes.
TAIL = 12


def _own_group() -> dict[str, Any]:
    """Return the arguments that keep a new process away from our terminal's Ctrl-C and window."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


class WorkerProcess:
    """A worker from its start, with the first run, to its end, for whatever reason: every run it took then ends too."""

    def __init__(self, python: str, environment: Mapping[str, str], first: Run) -> None:
        # -P: the folder we happen to be in must not shadow modules.
        command = [python, "-P", "-m", "crosscontrast.jobs.worker"]
        pipe = subprocess.PIPE
        try:
            self._popen = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(environment), **_own_group()
            )
        except OSError as error:
            raise WorkerError(f"The worker process cannot be started with {python}: {error.strerror}.") from error
        self._lock = threading.Lock()
        self._runs = {first.number: first}
        self._ended = False
        self._fault: str | None = None
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._listen, self._keep_log)]
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        for thread in (*self._readers, self._watcher):
            thread.start()
        self._ask(first)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    @property
    def busy(self) -> bool:
        """Whether runs are under way."""
        return bool(self._runs)

    def take(self, run: Run) -> bool:
        """Send a run's request; False where this process is no longer there to take it."""
        with self._lock:
            if self._ended or not is_alive(self.pid):
                return False
            self._runs[run.number] = run
        self._ask(run)
        return True

    def cancel(self) -> None:
        """End the runs as cancelled and the process with all its children."""
        self._finish(CancelledError("The work was cancelled."))
        end_tree(self.pid)
        self._watcher.join(GRACE)

    def close(self) -> None:
        """Let an idle process end by itself; a busy one is ended."""
        if self.busy:
            self.cancel()
        self._finish(CancelledError("The worker process was closed."))
        self._close_stdin()
        self._watcher.join(GRACE)
        if self._watcher.is_alive():
            self.cancel()

    def _ask(self, run: Run) -> None:
        assert self._popen.stdin
        with suppress(OSError, ValueError):  # it is ending right now, and the watcher tells the run so
            self._popen.stdin.write(Request.of(run.job, run.number).to_line())
            self._popen.stdin.flush()

    def _listen(self) -> None:
        """Hand the worker's messages to their runs until its stdout ends."""
        assert self._popen.stdout
        with self._popen.stdout as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # it died in the middle of a message
                try:
                    self._deliver(parse_message(line))
                except (ValidationError, LookupError):
                    said = line.decode(errors="replace").strip()
                    self._fault = f"The worker process wrote something that is not an answer: {said[:200]!r}."
                    break
        if self._fault is None:
            try:
                self._popen.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._fault = "The worker process closed its output without ending."
        if self._fault:
            end_tree(self.pid)

    def _deliver(self, message: Message) -> None:
        if isinstance(message, Ready):
            if message.version != __version__:
                log.warning("The worker process runs version %s, this is %s", message.version, __version__)
            return
        with self._lock:
            if self._ended:
                return
            if message.id is None:
                raise LookupError
            run = self._runs[message.id]
            if message.type != "progress":
                del self._runs[message.id]
        run.receive(message)

    def _keep_log(self) -> None:
        """Keep the last lines of stderr for error messages and pass all of them to our log."""
        assert self._popen.stderr
        with self._popen.stderr as lines:
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                self._tail.append(text)
                log.info("%s", text)

    def _watch(self) -> None:
        """When the process ends, for whatever reason, end what it left behind and tell its runs."""
        code = self._popen.wait()
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        for reader in self._readers:
            reader.join(GRACE)
        self._close_stdin()
        tail = "\n".join(self._tail)
        if self._fault:
            self._finish(WorkerError(self._fault, hint=tail))
        else:
            self._finish(_death(code, tail))

    def _finish(self, error: CrossContrastError) -> None:
        with self._lock:
            self._ended = True
            runs, self._runs = self._runs, {}
        for number, run in runs.items():
            run.receive(error_from(error, number))

    def _close_stdin(self) -> None:
        assert self._popen.stdin
        with suppress(OSError):  # what could not be flushed has no reader any more
            self._popen.stdin.close()


def _death(code: int, tail: str) -> WorkerError:
    """Say how the process ended; ``tail`` is what it last wrote on stderr."""
    if code >= 0:
        return WorkerError(f"The worker process ended with exit code {code} in the middle of the work.", hint=tail)
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    if name == "SIGKILL":
        reason = "Probably the system ran out of memory and ended it: close other programs or use a smaller image."
        tail = "\n".join(filter(None, [reason, tail]))
    return WorkerError(f"The worker process was killed ({name}) in the middle of the work.", hint=tail)
