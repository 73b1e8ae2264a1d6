"""How fast this machine retrains: as an earlier retraining went here, else reckoned from how fast it multiplies."""

import time
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from crosscontrast.corrections.documents import read_document, write_document
from crosscontrast.errors import CrossContrastError
from crosscontrast.ground.files import make_folder
from crosscontrast.models.library import library_root

#: What multiplies so many GFLOP/s (two AVX2 cores) takes so many seconds for a step of the shipped model.
_GFLOPS = 153.0
_SIDE, _TRIES = 512, 5


class Pace(BaseModel):
    """Seconds: before the first step, for a step, and for measuring an image with both models."""

    start: float = 20.0
    step: float = 0.3
    image: float = 12.0

    def seconds(self, steps: int, images: int) -> float:
        """Return how long a retraining takes in all."""
        return self.start + steps * self.step + images * self.image


def remember(pace: Pace) -> None:
    """Keep for the next time how fast a whole retraining went; that must not fail."""
    try:
        make_folder(_file().parent)
        write_document(_file(), pace)
    except (OSError, CrossContrastError):
        return


def remembered() -> Pace | None:
    """Return how fast the last whole retraining went on this machine, ``None`` where there was none."""
    try:
        return read_document(Pace, _file()) if _file().exists() else None
    except CrossContrastError:
        return None


def reckoned() -> Pace:
    """Return how fast it may go on this machine's processors; a GPU is faster."""
    slower = _GFLOPS / _gflops()
    usual = Pace()
    return Pace(start=usual.start * slower, step=usual.step * slower, image=usual.image * slower)


@lru_cache
def _gflops() -> float:
    """How many billion multiplications and additions a second; takes some hundredths of one."""
    a = np.ones((_SIDE, _SIDE), np.float32)
    best = float("inf")
    for _ in range(_TRIES):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return 2 * _SIDE**3 / best / 1e9


def _file() -> Path:
    return library_root().parent / "retraining_pace.json"
