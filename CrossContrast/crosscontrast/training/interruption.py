"""Ctrl-C and the end of a process come between two steps of a training, so that what it has learnt can be kept."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self


class Interruption:
    """Within this context SIGINT and SIGTERM raise KeyboardInterrupt, but let a step that is under way be finished.

    A second signal does not wait. Outside the main thread, where signals do not come, nothing is changed.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._before: dict[int, Any] = {}
        #: Whether no step is half done.
        self.between_steps = True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if self._number == signal.SIGTERM:
            # Who asked this process to end waits for that, however its work ended.
            os.kill(os.getpid(), signal.SIGTERM)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        again, self._number = self._number is not None, number
        if again or self.between_steps:
            raise KeyboardInterrupt

    @contextmanager
    def step(self) -> Iterator[None]:
        """Finish what is done within, and raise KeyboardInterrupt afterwards where a signal came."""
        self.between_steps = False
        yield
        self.between_steps = True
        if self._number is not None:
            raise KeyboardInterrupt


def ignore_interrupts(_worker: int) -> None:
    """Leave Ctrl-C to the training itself; for processes that prepare its batches."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
