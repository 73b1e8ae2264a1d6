"""Reading and writing weights as plain tensors, so that a weight file can never run code."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor, nn

from crosscontrast.errors import ModelError, OutputError

#: The function that pickle calls for a NumPy number, found through one because its module moved in NumPy 2.
_scalar = numpy.float64(0).__reduce__()[0]


#: NumPy's numbers, which training frameworks leave among their records, under the names of NumPy 2 and 1.
NUMPY_SCALARS = [
    numpy.dtype,
    (_scalar, "numpy._core.multiarray.scalar"),
    (_scalar, "numpy.core.multiarray.scalar"),
    *(type(numpy.dtype(kind)) for kind in ("float64", "float32", "int64", "int32", "bool")),
]


def read_checkpoint(path: Path, allowed: list[Any] | None = None) -> Any:
    """Load a file written by ``torch.save`` onto the CPU, refusing everything but tensors and plain values.

    ``allowed`` names further harmless types that the format is known to hold (``torch.serialization.safe_globals``).
    """
    try:
        with torch.serialization.safe_globals(allowed or []):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if refused := re.search(r"GLOBAL (\S+)", str(error)):
            raise ModelError(
                f"{path} holds more than weights ({refused[1]}) and was not loaded, because that could run code."
            ) from None
        raise ModelError(f"{path} is not a readable weight file.") from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ModelError(f"{path} is not a readable weight file.") from error


def save(content: dict[str, Any], path: Path) -> None:
    """Write what :func:`read_checkpoint` reads; raises :class:`OutputError` naming the file and the reason."""
    try:
        # Given a path instead of a stream, PyTorch reports a full disk as a RuntimeError without a reason.
        with path.open("wb") as stream:
            torch.save(content, stream)
    except OSError as error:
        raise OutputError(f"The weights cannot be written to {path}: {error.strerror or error}.") from error


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Load a file that must hold a plain mapping of names to tensors."""
    return as_state_dict(read_checkpoint(path), path)


def as_state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    """Check that ``content``, read from ``path``, maps names to tensors; raises :class:`ModelError`."""
    if not isinstance(content, Mapping) or not content:
        raise ModelError(f"{path} does not hold a state dict.")
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise ModelError(f"{path} does not hold a plain state dict: {name!r} is not a tensor.")
    return dict(content)


def without_aliases(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Keep one name of each tensor that a network holds under several (nnU-Net's U-Net has every layer twice)."""
    seen: set[tuple[int, torch.Size, tuple[int, ...]]] = set()
    unique = {}
    for name, tensor in state.items():
        key = (tensor.data_ptr(), tensor.shape, tensor.stride())
        if tensor.numel() == 0 or key not in seen:
            unique[name] = tensor.detach().cpu().clone()
        seen.add(key)
    return unique


def load_into(network: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Put ``state`` into ``network``; a tensor with several names need be there under one of them only.

    Raises :class:`ModelError`, its sentence beginning with ``what``, when names or shapes do not fit.
    """
    own = network.state_dict()
    shapes = [name for name in state if name in own and state[name].shape != own[name].shape]
    if shapes:
        name = shapes[0]
        raise ModelError(
            f"{what} do not fit the network: {name} has shape {tuple(state[name].shape)}, not {tuple(own[name].shape)}."
        )
    given = {own[name].data_ptr() for name in state if name in own}
    missing = [name for name, tensor in own.items() if name not in state and tensor.data_ptr() not in given]
    unknown = [name for name in state if name not in own]
    if missing or unknown:
        raise ModelError(
            f"{what} do not fit the network: {_names('lacks', missing)}{_names('does not know', unknown)}."
        )
    network.load_state_dict(state, strict=False)


def _names(verb: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"it {verb} {names[0]}{more} "
