"""How long-running work says where it is."""

from collections.abc import Callable

#: Called as ``progress(done, total, message)``; ``done`` grows from 0 to ``total``, the message is for people.
Progress = Callable[[float, float, str], None]


def silent(done: float, total: float, message: str) -> None:
    """Report to nobody."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """Let a sub-task report 0 to 1 of its own work as the share ``start`` to ``end`` of the whole."""

    def report(done: float, total: float, message: str) -> None:
        share = done / total if total else 1.0
        progress(start + (end - start) * share, 1.0, message)

    return report
