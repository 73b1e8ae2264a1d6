"""How long the phases of a job take, for whoever asks with ``--verbose``."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGER = logging.getLogger("time")


@contextmanager
def timed(phase: str) -> Iterator[None]:
    """Log the seconds that the block takes, by the name of its phase; blocks within blocks are logged first."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        _LOGGER.info("%6.2f s %s", time.perf_counter() - begun, phase)
