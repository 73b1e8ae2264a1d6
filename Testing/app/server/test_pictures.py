"""When views are drawn, and which pictures go to the browser."""

import asyncio

import numpy as np
import pytest

pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")

from crosscontrast.app.server import pictures
from crosscontrast.app.server.pictures import Pace, PictureQueue


class Window:
    """A grey window that says when it is drawn."""

    def __init__(self, name, order):
        self.name, self.order, self.grey = name, order, 10

    @property
    def img_cols_rows(self):
        self.order.append(self.name)
        return np.full((20, 30, 3), self.grey, np.uint8), 30, 20


class Sent(list):
    """The pictures that a browser got."""

    def __call__(self, content, about):
        assert content[:2] == b"\xff\xd8"  # JPEG
        self.append((len(content), about))


def drawn(story, *paces):
    """Run ``story`` with a view of each pace; returns which were drawn, and what each sent."""
    order, sent = [], []

    async def run():
        queue = PictureQueue()
        views, windows = [], []
        for number, pace in enumerate(paces):
            windows.append(Window(number, order))
            views.append(queue.add(windows[-1], pace))
            sent.append(Sent())
            views[-1].set_push_callback(sent[-1])
        await story(views, windows)
        queue._task.cancel()

    asyncio.run(run())
    return order, sent


def test_a_picture_like_the_last_is_not_sent_unless_a_browser_needs_one(monkeypatch):
    monkeypatch.setattr(pictures, "STILL_AFTER", 10)

    async def story(views, windows):
        for change in (lambda: views[0].ask(), lambda: views[0].ask(), lambda: views[0].schedule_render()):
            change()
            await asyncio.sleep(0.1)
        windows[0].grey = 200
        views[0].ask()
        await asyncio.sleep(0.1)

    order, (sent,) = drawn(story, Pace())
    assert len(order) == 4
    assert len(sent) == 3


def test_a_better_picture_of_the_same_drawing_follows_when_all_is_still(monkeypatch):
    monkeypatch.setattr(pictures, "STILL_AFTER", 0.1)

    async def story(views, windows):
        for grey in (10, 30, 50):
            windows[0].grey = grey
            views[0].ask()
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)

    order, (sent,) = drawn(story, Pace(unused=100))
    assert len(order) == 3
    assert len(sent) == 4


def test_the_view_in_use_comes_first_and_many_changes_are_one_picture_where_it_looks_on():
    async def story(views, windows):
        views[2].use(on=True)
        for _ in range(20):
            for view in views:
                view.ask()
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)

    order, _ = drawn(story, Pace(patience=0.25, rank=1), Pace(unused=10), Pace(used=100))
    assert order[:2] == [2, 1]
    assert order.count(0) == 1
    assert order.count(1) <= 4
    assert order.count(2) > 5


def test_a_view_that_cannot_be_drawn_does_not_stop_the_others(caplog):
    async def story(views, windows):
        windows[0].order = None
        for view in views:
            view.ask()
        await asyncio.sleep(0.2)

    order, _ = drawn(story, Pace(), Pace())
    assert order == [1]
    assert "could not be drawn" in caplog.text
