"""How long a person worked on a case."""

import time
from collections.abc import Callable

#: A pause longer than this (s) was not work on the case.
_LONGEST_PAUSE = 60.0


class WorkClock:
    """Adds up the time between one act of the person and the next; longer pauses count as one minute."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last = now()
        self._seconds = 0.0

    def touch(self) -> None:
        """The person did something."""
        now = self._now()
        self._seconds += min(now - self._last, _LONGEST_PAUSE)
        self._last = now

    @property
    def seconds(self) -> float:
        """Seconds of work until now."""
        return self._seconds + min(self._now() - self._last, _LONGEST_PAUSE)
