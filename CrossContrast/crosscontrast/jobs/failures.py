"""From any exception to an error that a person can act on, and from its kind back to the class."""

import logging
import sys

from crosscontrast import errors
from crosscontrast.errors import CrossContrastError, OutOfMemoryError

log = logging.getLogger(__name__)

#: Kind of an error that nobody foresaw: a mistake in the program, not in its input.
INTERNAL = "internal"

_CLASSES: dict[str, type[CrossContrastError]] = {
    found.kind: found
    for found in vars(errors).values()
    if isinstance(found, type) and issubclass(found, CrossContrastError)
}

# What torch on CPU (Linux, Windows), CUDA and MPS, cuDNN, and ITK write into a plain RuntimeError when memory runs out.
_NO_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "cudnn_status_alloc_failed",
    "failed to allocate memory",
    "bad_alloc",
)


def explained(exception: BaseException) -> CrossContrastError:
    """Return the exception as a :class:`CrossContrastError`; the traceback of an unforeseen one goes to the log."""
    if isinstance(exception, CrossContrastError):
        return exception
    if _is_out_of_memory(exception):
        return OutOfMemoryError(
            f"There is not enough memory for this case: {_first_line(exception)}.",
            hint="Close other programs, use fewer workers, a coarser resolution, or the device 'cpu'.",
        )
    log.error("Unforeseen %s", type(exception).__name__, exc_info=exception)
    return error_of_kind(
        INTERNAL,
        f"The program failed with {type(exception).__name__}: {_first_line(exception)}.",
        hint="This is a mistake in the program; the log has the details for a report.",
    )


def error_of_kind(kind: str, message: str, hint: str = "") -> CrossContrastError:
    """Make an error of the class with this kind; of the base class, with the kind kept, where no class has it."""
    error = _CLASSES.get(kind, CrossContrastError)(message, hint)
    error.kind = kind
    return error


def _is_out_of_memory(exception: BaseException) -> bool:
    torch = sys.modules.get("torch")  # not imported means that it cannot have raised
    if isinstance(exception, MemoryError) or (torch and isinstance(exception, torch.cuda.OutOfMemoryError)):
        return True
    return isinstance(exception, RuntimeError) and any(sign in str(exception).lower() for sign in _NO_MEMORY)


def _first_line(exception: BaseException) -> str:
    return (str(exception).strip() or type(exception).__name__).splitlines()[0].rstrip(".")
