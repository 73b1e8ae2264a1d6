"""What a job is: typed parameters in, work with progress, typed result out."""

from abc import ABC, abstractmethod
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from crosscontrast.progress import Progress


class JobResult(BaseModel):
    """What a finished job hands back: names, numbers and paths, never arrays. Subclassed per job."""

    warnings: list[str] = []


class Job(BaseModel, ABC):
    """One piece of work that runs the same in the command line, in a worker process and on a cluster.

    A subclass has a ``kind`` like ``"cord.segment"``, parameters as pydantic fields (paths, numbers, names) and
    :meth:`run`. It stands in the table of :mod:`crosscontrast.jobs.registry` under its kind.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]

    @abstractmethod
    def run(self, progress: Progress) -> JobResult:
        """Do the work. Raises :class:`crosscontrast.errors.CrossContrastError` for what a user can act on."""


#: A result that keeps its subclass's fields when it is written as JSON.
AnyJobResult = SerializeAsAny[JobResult]
