"""A job under way in a worker process, as the program that asked for it sees it."""

import threading

from pydantic import ValidationError

from crosscontrast.errors import WorkerError
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.protocol import ErrorMessage, ProgressMessage, ResultMessage
from crosscontrast.jobs.registry import in_words, result_class
from crosscontrast.progress import Progress, silent

RunMessage = ProgressMessage | ResultMessage | ErrorMessage


class Run:
    """One submitted job. A panel calls :meth:`poll` from a timer; a script calls :meth:`wait`.

    Both may be used from any thread. The last message is always a result or an error, whatever becomes of the worker.
    """

    def __init__(self, job: Job, number: int) -> None:
        self.job = job
        self.number = number
        self._changed = threading.Condition()
        self._messages: list[RunMessage] = []
        self._end: ResultMessage | ErrorMessage | None = None

    @property
    def finished(self) -> bool:
        """Whether the result or the error is there."""
        return self._end is not None

    def poll(self) -> list[RunMessage]:
        """Return the messages that came since the last poll, at once."""
        with self._changed:
            messages, self._messages = self._messages, []
        return messages

    def wait(self, progress: Progress = silent) -> JobResult:
        """Pass progress on until the job is finished and return its result.

        Raises the :class:`crosscontrast.errors.CrossContrastError` that ended the job.
        """
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._messages or self._end)
                messages = self.poll()
            for message in messages:
                if isinstance(message, ProgressMessage):
                    progress(message.done, message.total, message.message)
            if self._end:
                return result_of(self.job, self._end)

    def receive(self, message: RunMessage) -> None:
        """Take a message in; what comes after the end is ignored."""
        with self._changed:
            if self._end is None:
                self._messages.append(message)
                if not isinstance(message, ProgressMessage):
                    self._end = message
                self._changed.notify_all()


def result_of(job: Job, message: ResultMessage | ErrorMessage) -> JobResult:
    """Return the result that a message holds as the job's own result class, or raise the error that it holds."""
    if isinstance(message, ErrorMessage):
        raise message.exception()
    try:
        return result_class(type(job)).model_validate(message.outputs)
    except ValidationError as error:
        raise WorkerError(f"The result of the job {job.kind!r} does not fit its type: {in_words(error)}.") from error
