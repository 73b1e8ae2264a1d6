"""Wrong tokens: logged, and slow for everybody together, so that asking in parallel gains nothing."""

import asyncio
import hmac
import logging
import time

from crosscontrast.errors import CrossContrastError

log = logging.getLogger(__name__)

#: Seconds after a wrong token until the next one is looked at, at first and at most, and how many may wait for that.
_FIRST, _MOST, _QUEUE = 1.0, 8.0, 20


class Guessing:
    """Looks at one shown token after another."""

    def __init__(self, first: float = _FIRST) -> None:
        self._first, self._delay, self._ready, self._waiting = first, first, 0.0, 0
        self._lock = asyncio.Lock()

    async def is_right(self, shown: str, token: str, who: str) -> bool:
        """Whether ``shown`` is the token; after a wrong one all wait, twice as long with each.

        ``who`` is told in the log. Raises :class:`CrossContrastError` where too many wait already.
        """
        if self._waiting >= _QUEUE:
            raise CrossContrastError("Too many wrong tokens were shown; try again in some minutes.")
        self._waiting += 1
        try:
            async with self._lock:
                await asyncio.sleep(max(0.0, self._ready - time.monotonic()))
                right = hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), token.encode())
                if right:
                    self._delay = self._first
                else:
                    log.warning("wrong token from %s", who)
                    self._ready = time.monotonic() + self._delay
                    await asyncio.sleep(self._delay)
                    self._delay = min(2 * self._delay, _MOST)
                return right
        finally:
            self._waiting -= 1
