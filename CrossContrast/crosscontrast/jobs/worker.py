"""The process that does jobs for a program, one after another: ``python -m crosscontrast.jobs.worker``.

It reads requests from stdin and writes messages to stdout (see :mod:`crosscontrast.jobs.protocol`), and stays
between jobs, so torch is imported and models are loaded once. It ends when stdin is closed, at once and with its
children even in the middle of a job: nobody is left to take the answer.
"""

import faulthandler
import logging
import os
import queue
import sys
import threading
from typing import BinaryIO

from pydantic import ValidationError

from crosscontrast import __version__
from crosscontrast.errors import BadInputError
from crosscontrast.jobs.execution import answer
from crosscontrast.jobs.processes import descendants, end
from crosscontrast.jobs.protocol import Message, ProgressMessage, Ready, Request, error_from
from crosscontrast.jobs.registry import in_words
from crosscontrast.jobs.throttle import ThrottledProgress


class Worker:
    """Serves the requests of one pair of streams."""

    def __init__(self, requests: BinaryIO, messages: BinaryIO) -> None:
        self._requests = requests
        self._messages = messages
        self._sending = threading.Lock()
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._busy = threading.Event()
        self._closed = threading.Event()

    def serve(self) -> None:
        """Answer requests until their stream ends."""
        threading.Thread(target=self._read, daemon=True).start()
        self._send(Ready(version=__version__, pid=os.getpid()))
        while True:
            line = self._lines.get()
            if self._closed.is_set():
                return
            self._answer(line)

    def _read(self) -> None:
        for line in self._requests:
            self._lines.put(line)
        self._closed.set()
        if self._busy.is_set():
            _leave()
        self._lines.put(b"")  # wakes the waiting main thread

    def _answer(self, line: bytes) -> None:
        try:
            request = Request.model_validate_json(line)
        except ValidationError as error:
            fault = BadInputError(f"The request is not a line of JSON with id, job and parameters: {in_words(error)}.")
            self._send(error_from(fault))
            return

        def report(done: float, total: float, message: str) -> None:
            self._send(ProgressMessage(id=request.id, done=done, total=total, message=message))

        progress = ThrottledProgress(report)
        self._busy.set()
        outcome = answer(request, progress)
        progress.flush()
        self._busy.clear()  # before the answer is out, as its receiver may close our stdin at once
        self._send(outcome)

    def _send(self, message: Message) -> None:
        try:
            with self._sending:
                self._messages.write(message.to_line())
                self._messages.flush()
        except OSError:
            _leave()


def _leave() -> None:
    """End now, whatever the main thread is doing, and leave no children behind."""
    end(descendants(os.getpid()))
    os._exit(1)


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for the protocol alone.

    Libraries print, in Python and in C, and child processes inherit: from here on all of that reads nothing and
    writes to stderr. The two kept descriptors are not inherited by children.
    """
    requests, messages = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, messages


def main() -> None:
    """Run the worker process."""
    requests, messages = _take_streams()
    faulthandler.enable()  # a crash in compiled code then says where, and the client shows it
    logging.basicConfig(stream=sys.stderr)
    Worker(requests, messages).serve()


if __name__ == "__main__":
    main()
