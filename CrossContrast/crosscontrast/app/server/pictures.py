"""When the views of a page are drawn: one picture at a time, the view in use first, and none that nobody needs.

Drawing without a graphics card costs 10 to 30 ms of the one thread that also answers the browser, so what is drawn
when decides how quick a page feels.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from trame_rca.encoders import RcaImageEncoder
from trame_rca.rca import RemoteControlledAreaProtocol
from trame_server.utils.asynchronous import create_task

log = logging.getLogger(__name__)

#: Quality of a picture while things move, and of the same picture when they have been still for so many seconds.
MOVING, STILL, STILL_AFTER = 55, 90, 0.2
_ENCODER = RcaImageEncoder.TURBO_JPEG  # or plain JPEG where that library is missing


@dataclass(frozen=True)
class Pace:
    """Pictures per second of a view in use and of one that only looks on; ``rank`` 0 is drawn before rank 1.

    A view that looks on is drawn ``patience`` seconds after it was first asked to be, so that many changes make one
    picture.
    """

    used: float = 30.0
    unused: float = 10.0
    patience: float = 0.0
    rank: int = 0


class PictureQueue:
    """Draws the views of one page, whichever is due and matters most, and lets the page's events in between."""

    def __init__(self) -> None:
        self._views: list[ViewPictures] = []
        self._wake = asyncio.Event()
        self._task: object = None

    def add(self, window: RemoteControlledAreaProtocol, pace: Pace) -> "ViewPictures":
        """Take over the drawing of a view."""
        made = ViewPictures(window, pace, self._wake)
        self._views.append(made)
        if self._task is None:
            self._task = create_task(self._run())
        return made

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            now = time.monotonic()
            due = [view for view in self._views if view.due <= now]
            if due:
                view = min(due, key=lambda view: (not view.in_use, view.pace.rank, view.due))
                try:
                    view.draw()
                except Exception:
                    log.exception("A view could not be drawn")
                await asyncio.sleep(0)
                continue
            wait = min((view.due for view in self._views), default=float("inf")) - now
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), None if wait == float("inf") else wait)


class ViewPictures:
    """The pictures of one view; it is a scheduler as trame-rca's ``RcaRenderSchedulerProtocol`` wants one.

    A picture like the one before is not sent again, and the better picture that follows the last of a movement is made
    of the same drawing.
    """

    #: Shared by all views: encoding takes less than a millisecond.
    _threads = ThreadPoolExecutor(1)

    def __init__(self, window: RemoteControlledAreaProtocol, pace: Pace, wake: asyncio.Event) -> None:
        self.pace, self.in_use = pace, False
        self._window, self._wake = window, wake
        self._push: Callable[[bytes, dict], None] | None = None
        self._asked: float | None = None
        self._again = False  # whether the picture must be sent even if it is not new
        self._drawn = 0.0
        self._shown: tuple[np.ndarray, int, int] | None = None
        self._better = False  # whether a better picture is owed

    @property
    def rca(self) -> RemoteControlledAreaProtocol:
        """The window that is drawn."""
        return self._window

    @property
    def target_fps(self) -> float:
        """Pictures per second, at most."""
        return self.pace.used if self.in_use else self.pace.unused

    @property
    def due(self) -> float:
        """When there is something to do for this view next, as monotonic time."""
        if self._asked is not None:
            patience = 0.0 if self.in_use else self.pace.patience
            return max(self._asked + patience, self._drawn + 1 / self.target_fps)
        return self._drawn + STILL_AFTER if self._better else float("inf")

    def ask(self) -> None:
        """Say that the view may look different now."""
        if self._asked is None:
            self._asked = time.monotonic()
            self._wake.set()

    def schedule_render(self) -> None:
        """Say that a picture must be sent, for example because a browser has none yet."""
        self._again = True
        self.ask()

    def use(self, *, on: bool) -> None:
        """Say whether the view is the one in use."""
        self.in_use = on
        self._wake.set()

    def set_push_callback(self, callback: Callable[[bytes, dict], None]) -> None:
        """Set what sends pictures to the browser."""
        self._push = callback

    def draw(self) -> None:
        """Make the picture that is due; it is encoded and sent while others are drawn."""
        if self._asked is None:
            self._better = False
            self._send(STILL)
            return
        self._asked = None
        pixels = self._window.img_cols_rows
        self._drawn = time.monotonic()
        same = self._shown is not None and np.array_equal(self._shown[0], pixels[0])
        if same and not self._again:
            return
        self._shown, self._again, self._better = pixels, False, True
        self._send(MOVING)

    def _send(self, quality: int) -> None:
        if self._shown is not None:
            future = asyncio.get_running_loop().run_in_executor(self._threads, _ENCODER.encode, *self._shown, quality)
            future.add_done_callback(self._on_encoded)

    def _on_encoded(self, done: "asyncio.Future[tuple[bytes, dict, int]]") -> None:
        if not done.cancelled() and self._push is not None:
            content, about, _ = done.result()
            self._push(content, about)

    async def close(self) -> None:
        """Draw no more."""
        self._asked, self._better, self._push = None, False, None

    def reset(self) -> None:
        """Nothing is kept between pictures but the last of them, which a new browser wants to have."""
        self.schedule_render()
