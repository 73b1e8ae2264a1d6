"""How long-running work says where it is."""

from collections.abc import Callable

#: Called as ``progress(done, total, message)``; ``done`` grows from 0 to ``total``, the message is for people.
Progress = Callable[[float, float, str], None]


def silent(done: float, total: float, message: str) -> None:
    """Report to nobody."""


def in_words(seconds: float) -> str:
    """Say roughly how long something takes, such as "12 minutes"; nobody wants to know it more exactly."""
    for unit, length, until in (("second", 1.0, 60.0), ("minute", 60.0, 5400.0), ("hour", 3600.0, 172800.0)):
        if seconds < until:
            count = round(seconds / length)
            return f"{max(count, 1)} {unit}{'s' if count > 1 else ''}"
    return f"{round(seconds / 86400)} days"


def part(progress: Progress, start: float, end: float) -> Progress:
    """Let a sub-task report 0 to 1 of its own work as the share ``start`` to ``end`` of the whole."""

    def report(done: float, total: float, message: str) -> None:
        share = done / total if total else 1.0
        progress(start + (end - start) * share, 1.0, message)

    return report
