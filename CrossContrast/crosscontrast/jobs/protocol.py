"""The messages between a program and its worker process: one JSON object per line, UTF-8.

To the worker go requests ``{"id": 1, "job": "cord.segment", "parameters": {...}}``. It says ``ready`` once, and then
for every request any number of ``progress`` messages and one ``result`` or one ``error`` with the request's id.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from crosscontrast.errors import CrossContrastError
from crosscontrast.jobs.failures import error_of_kind, explained
from crosscontrast.jobs.job import Job


class _Line(BaseModel):
    # Measurements may be NaN (the area of an empty slice), which pydantic would else write as null.
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")

    def to_line(self) -> bytes:
        """Return the message as one line of JSON, with its newline."""
        return self.model_dump_json().encode() + b"\n"


class Request(_Line):
    """Do this job."""

    id: int
    job: str
    parameters: dict[str, Any] = {}

    @classmethod
    def of(cls, job: Job, number: int) -> "Request":
        """Make the request that asks for this job."""
        return cls(id=number, job=job.kind, parameters=job.model_dump(mode="json"))


class Ready(_Line):
    """The worker runs and waits for requests."""

    type: Literal["ready"] = "ready"
    version: str
    pid: int


class ProgressMessage(_Line):
    """So far the job has done ``done`` of ``total``."""

    type: Literal["progress"] = "progress"
    id: int
    done: float
    total: float
    message: str


class ResultMessage(_Line):
    """The job is done; ``outputs`` are the fields of its :class:`~crosscontrast.jobs.job.JobResult`."""

    type: Literal["result"] = "result"
    id: int
    outputs: dict[str, Any]


class ErrorMessage(_Line):
    """The job failed. ``id`` is None where the request itself could not be read."""

    type: Literal["error"] = "error"
    id: int | None
    kind: str
    message: str
    hint: str = ""

    def exception(self) -> CrossContrastError:
        """Return the error as the exception that it was on the other side."""
        return error_of_kind(self.kind, self.message, self.hint)


Message = Ready | ProgressMessage | ResultMessage | ErrorMessage
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def parse_message(line: bytes) -> Message:
    """Read one line of the worker; raises pydantic's ``ValidationError`` where it is not a message."""
    return _MESSAGE.validate_json(line)


def error_from(exception: BaseException, number: int | None = None) -> ErrorMessage:
    """Return the error message for an exception: the kind of ours is kept, others get a kind, a sentence and a hint."""
    error = explained(exception)
    return ErrorMessage(id=number, kind=error.kind, message=error.message, hint=error.hint)
