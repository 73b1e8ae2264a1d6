import threading
import time

from crosscontrast.jobs.throttle import ThrottledProgress


class Listener:
    def __init__(self):
        self.heard = []
        self.news = threading.Event()

    def __call__(self, done, total, message):
        self.heard.append((time.monotonic(), done, message))
        self.news.set()


def test_a_flood_becomes_a_trickle_and_the_last_report_is_not_lost():
    listener = Listener()
    progress = ThrottledProgress(listener, interval=0.05)
    start = time.monotonic()
    reports = 0
    while time.monotonic() < start + 0.3:
        reports += 1
        progress(reports, 1e9, "")
    progress.flush()
    took = time.monotonic() - start
    assert reports > 1000
    assert len(listener.heard) <= took / 0.05 + 2
    assert listener.heard[0][1] == 1
    assert listener.heard[-1][1] == reports


def test_a_report_that_came_too_soon_is_passed_on_even_when_the_work_falls_silent():
    listener = Listener()
    progress = ThrottledProgress(listener, interval=0.05)
    progress(0, 1, "reading")
    listener.news.clear()
    progress(0, 1, "segmenting")
    assert listener.news.wait(10)
    assert [message for _, _, message in listener.heard] == ["reading", "segmenting"]
    progress.flush()
    assert len(listener.heard) == 2
