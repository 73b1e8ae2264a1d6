"""Progress that does not flood its listener."""

import threading

from crosscontrast.progress import Progress


class ThrottledProgress:
    """Pass reports on at most once per ``interval`` seconds, the latest of each interval, and never lose the last one.

    The first report passes at once; what comes too soon is held and passes when its interval is over, even if the
    work then reports nothing for minutes. :meth:`flush` ends it. The listener may be called from a timer's thread.
    """

    def __init__(self, listener: Progress, interval: float = 0.05) -> None:
        self._listener = listener
        self._interval = interval
        self._lock = threading.Lock()
        self._held: tuple[float, float, str] | None = None
        self._timer: threading.Timer | None = None

    def __call__(self, done: float, total: float, message: str) -> None:
        """Report progress."""
        with self._lock:
            self._held = (float(done), float(total), message)
            if self._timer is None:
                self._pass_on()

    def flush(self) -> None:
        """Pass on what is held and stop the timer."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None
            if self._held:
                self._listener(*self._held)
                self._held = None

    def _pass_on(self) -> None:
        if self._held:
            self._listener(*self._held)
            self._held = None
            self._timer = threading.Timer(self._interval, self._interval_over)
            self._timer.daemon = True
            self._timer.start()

    def _interval_over(self) -> None:
        with self._lock:
            if self._timer is threading.current_thread():
                self._timer = None
                self._pass_on()
