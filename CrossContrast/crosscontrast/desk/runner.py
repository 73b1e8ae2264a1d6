"""How a controller runs jobs, without knowing which event loop watches them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job, JobResult


class Runner(Protocol):
    """Runs one job at a time in the worker process. Panels and pages each have theirs, with Cancel and progress."""

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""

    def start(self, make: "Callable[[Path], Job]", take: "Callable[[JobResult], str]", *, heavy: bool = True) -> None:
        """Start the job that ``make`` returns, which gets an empty folder for the files that go with it.

        ``take`` gets the result while that folder is there, and returns the sentence that the user reads then; errors
        of both are shown to the user too. Jobs that are not ``heavy`` do not wait for those of other people.
        """
