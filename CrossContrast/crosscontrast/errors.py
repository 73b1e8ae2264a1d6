"""Errors that a user can act on: one sentence, a kind for programs, and a hint where there is one."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

# What torch on CPU (Linux, Windows), CUDA and MPS, cuDNN, and ITK write into a plain RuntimeError when memory runs out.
_NO_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "cudnn_status_alloc_failed",
    "failed to allocate memory",
    "bad_alloc",
)


class CrossContrastError(Exception):
    """Anything that went wrong in a way we can explain.

    ``message`` is one sentence that names the file or setting and the reason; ``hint`` says what to do about it.
    ``kind`` travels with the error through the worker's protocol and ``--json`` output.

    Parameters
    ----------
    message : str
        One sentence, which is what people read.
    hint : str, default ""
        Half a sentence, which stands behind it in brackets.

    Examples
    --------
    >>> error = CrossContrastError("scan.nii.gz is empty (0 bytes).", "copy it again")
    >>> str(error), error.kind
    ('scan.nii.gz is empty (0 bytes). (copy it again)', 'error')
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


class MissingPackageError(CrossContrastError):
    """An optional Python package or a system library is needed and not installed."""

    kind = "missing-package"


class OutOfMemoryError(CrossContrastError):
    """The machine or the accelerator has too little memory for this case."""

    kind = "out-of-memory"


class WorkerError(CrossContrastError):
    """The worker process died, hung or wrote something that is no answer."""

    kind = "worker"


class CancelledError(CrossContrastError):
    """The user stopped the work."""

    kind = "cancelled"


def faults_of(error: "ValidationError") -> str:
    """Say on one line which fields pydantic refused and why, as in ``"steps: input should be greater than 0"``."""
    return "; ".join(
        ": ".join(filter(None, [".".join(map(str, fault["loc"])), _reason(fault["msg"])])) for fault in error.errors()
    )


def _reason(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def is_out_of_memory(exception: BaseException) -> bool:
    """Tell whether an exception says that the machine or the accelerator has too little memory."""
    torch = sys.modules.get("torch")  # not imported means that it cannot have raised
    if isinstance(exception, MemoryError) or (torch and isinstance(exception, torch.OutOfMemoryError)):
        return True
    return isinstance(exception, RuntimeError) and any(sign in str(exception).lower() for sign in _NO_MEMORY)
