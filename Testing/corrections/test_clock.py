import pytest

from crosscontrast.corrections.clock import WorkClock


def test_work_is_counted_and_a_coffee_break_is_one_minute():
    times = iter([0.0, 20.0, 3600.0, 3605.0])
    clock = WorkClock(lambda: next(times))
    clock.touch()
    clock.touch()
    assert clock.seconds == pytest.approx(20 + 60 + 5)
