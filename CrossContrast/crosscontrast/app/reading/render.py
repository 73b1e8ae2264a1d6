"""Drawing the views of many readers in processes of their own, so that a fault in drawing loses no answer."""

import asyncio
import io
import multiprocessing
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from crosscontrast.app.reading import requests as ask
from crosscontrast.reading.blinding import BLACK, WHITE

if TYPE_CHECKING:
    from crosscontrast.reading.scene.views import SliceViews, Window

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Frame:
    """A view as PNG, which slice of how many it is, the sides at its edges, and the marks (pixels) by question."""

    view: str
    png: bytes
    slice_number: tuple[int, int]
    edges: str
    marks: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Drawn:
    """The views that changed, all marks of the reading and the window."""

    frames: list[Frame]
    marks: dict[str, Place]
    window: tuple[float, float]


@dataclass
class _Desk:
    """What a drawing process keeps for one reader."""

    views: "SliceViews"
    marks: dict[str, Place] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)


_desks: dict[str, _Desk] = {}


def _first_window() -> "Window":
    from crosscontrast.reading.scene.views import Window

    return Window(WHITE - BLACK, (WHITE + BLACK) / 2)


def warm_up() -> None:
    """Import what drawing needs, and draw in one thread: many readers are served by processes, not by threads."""
    from vtkmodules.vtkCommonCore import vtkMultiThreader, vtkSMPTools

    from crosscontrast.reading.scene.views import SliceViews

    vtkSMPTools.SetBackend("Sequential")
    vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)
    SliceViews().close()


def show(reader: str, path: Path, sizes: dict[str, tuple[int, int]], marks: dict[str, Place]) -> Drawn:
    """Show an image to a reader and draw all views."""
    from crosscontrast.reading.scene.views import SliceViews

    desk = _desks.get(reader)
    if desk is None:
        desk = _desks[reader] = _Desk(SliceViews())
    for view, size in sizes.items():
        desk.views.resize(view, *size)
    desk.marks = dict(marks)
    desk.sent.clear()
    desk.views.show(path, _first_window())
    return _draw(desk)


def see(reader: str, request: ask.Seeing) -> Drawn:
    """Do what a reader asks of the views and draw those that changed."""
    desk = _desks[reader]
    _ACTIONS[type(request)](desk, request)
    return _draw(desk)


def leave(reader: str) -> None:
    """Forget a reader."""
    desk = _desks.pop(reader, None)
    if desk:
        desk.views.close()


def _resize(desk: _Desk, request: Any) -> None:
    for view, size in request.sizes.items():
        desk.views.resize(view, *size)


def _window(desk: _Desk, request: ask.SetWindow) -> None:
    from crosscontrast.reading.scene.views import Window

    now = desk.views.window
    desk.views.set_window(Window(now.width + request.width, now.level + request.level))


def _zoom(desk: _Desk, request: ask.Zoom) -> None:
    from crosscontrast.reading.scene.views import VIEWS

    desk.views.zoom(VIEWS if request.linked else [request.view], request.factor)


def _reset(desk: _Desk, _request: ask.Reset) -> None:
    desk.views.set_window(_first_window())
    desk.views.reset()


_ACTIONS: dict[type, Callable[[_Desk, Any], object]] = {
    ask.Resize: _resize,
    ask.Scroll: lambda desk, r: desk.views.scroll(r.view, r.steps),
    ask.SetWindow: _window,
    ask.Zoom: _zoom,
    ask.Pan: lambda desk, r: desk.views.pan(r.view, r.right, r.down),
    ask.Jump: lambda desk, r: desk.views.jump(desk.views.place(r.view, r.x, r.y), but=r.view),
    ask.Mark: lambda desk, r: desk.marks.update({r.question: desk.views.place(r.view, r.x, r.y)}),
    ask.Unmark: lambda desk, r: desk.marks.pop(r.question, None),
    ask.Reset: _reset,
    ask.Marks: lambda desk, r: desk.marks.update(r.places),
}


def _draw(desk: _Desk) -> Drawn:
    from crosscontrast.reading.scene.views import VIEWS

    frames = []
    for view in VIEWS:
        picture = desk.views.picture(view)
        marks = {name: desk.views.pixel(view, place) for name, place in desk.marks.items()}
        seen = {name: pixel for name, pixel in marks.items() if pixel is not None}
        content = zlib.crc32(repr(seen).encode(), zlib.crc32(picture.tobytes())) ^ hash(picture.shape)
        if desk.sent.get(view) != content:
            desk.sent[view] = content
            number, edges = desk.views.slice_number(view), desk.views.edges(view)
            frames.append(Frame(view, _png(picture), number, edges, seen))
    window = desk.views.window
    return Drawn(frames, dict(desk.marks), (window.width, window.level))


def _png(picture: np.ndarray) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG", compress_level=1)
    return stream.getvalue()


class RenderPool:
    """Processes that draw; each reader has one, which keeps the reader's views."""

    def __init__(self, processes: int) -> None:
        self._executors = [self._new() for _ in range(processes)]
        self._places: dict[str, int] = {}

    async def start(self) -> None:
        """Get all processes ready, so that the first reader does not wait for imports."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(executor, int) for executor in self._executors))

    async def call(self, reader: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function of this module in the reader's process.

        Raises ``BrokenProcessPool`` where the process died; a new one takes its place, in which nothing is shown yet.
        """
        place = self._places.setdefault(reader, self._least_used())
        executor = self._executors[place]
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, function, reader, *arguments)
        except BrokenProcessPool:
            if self._executors[place] is executor:
                executor.shutdown(wait=False)
                self._executors[place] = self._new()
            raise

    async def leave(self, reader: str) -> None:
        """Free what is kept for a reader."""
        with suppress(BrokenProcessPool):
            await self.call(reader, leave)
        self._places.pop(reader, None)

    def close(self) -> None:
        """End the processes."""
        for executor in self._executors:
            executor.shutdown(wait=False, cancel_futures=True)

    def _least_used(self) -> int:
        used = list(self._places.values())
        return min(range(len(self._executors)), key=used.count)

    @staticmethod
    def _new() -> ProcessPoolExecutor:
        # Not forked: a copy of a process that has threads can hang.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=warm_up)
