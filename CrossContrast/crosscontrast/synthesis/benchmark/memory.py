"""The peak of memory while something runs."""

import threading
from types import TracebackType

import psutil


class PeakMemory:
    """Measures what a block adds to this process's resident memory, sampled every 50 ms, or CUDA's own peak.

    ``mib`` is there after the block. On a CPU memory that an earlier block left to the allocator is not counted again.
    """

    def __init__(self, cuda: bool = False) -> None:
        self._cuda, self._process, self._done = cuda, psutil.Process(), threading.Event()
        self.mib = 0.0

    def __enter__(self) -> "PeakMemory":
        self._before = self._peak = self._process.memory_info().rss
        if self._cuda:
            import torch

            torch.cuda.reset_peak_memory_stats()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self.mib = max(self._peak, self._process.memory_info().rss) / 2**20 - self._before / 2**20
        if self._cuda:
            import torch

            self.mib = torch.cuda.max_memory_allocated() / 2**20

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self._peak = max(self._peak, self._process.memory_info().rss)
