"""Errors that a user can act on: one sentence, a kind for programs, and a hint where there is one."""


class CrossContrastError(Exception):
    """Anything that went wrong in a way we can explain.

    ``message`` is one sentence that names the file or setting and the reason; ``hint`` says what to do about it.
    ``kind`` travels with the error through the worker's protocol and ``--json`` output.
    """

    kind = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_data(self) -> dict[str, str]:
        """Return the error for programs."""
        return {"kind": self.kind, "message": self.message, "hint": self.hint}

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class BadInputError(CrossContrastError):
    """An image, table or setting given by the user cannot be used."""

    kind = "bad-input"


class OutputError(CrossContrastError):
    """A result could not be written."""

    kind = "output"


class ModelError(CrossContrastError):
    """A model is missing, damaged, untrusted or does not fit the request."""

    kind = "model"


class DeviceError(CrossContrastError):
    """The requested compute device cannot be used."""

    kind = "device"


class MissingPackageError(CrossContrastError):
    """An optional Python package or a system library is needed and not installed."""

    kind = "missing-package"


class OutOfMemoryError(CrossContrastError):
    """The machine or the accelerator has too little memory for this case."""

    kind = "out-of-memory"


class WorkerError(CrossContrastError):
    """The worker process died, hung or spoke nonsense."""

    kind = "worker"


class CancelledError(CrossContrastError):
    """The user stopped the work."""

    kind = "cancelled"
