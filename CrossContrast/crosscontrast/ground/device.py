"""Choosing where the network runs."""

import re
import warnings
from typing import TYPE_CHECKING

from crosscontrast.errors import BadInputError

if TYPE_CHECKING:
    import torch


class DeviceWarning(UserWarning):
    """The device that was asked for is not there and another one is used."""


def check_device_name(name: str) -> str:
    """Return the name unchanged if it is ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``; else raise."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps", name):
        raise BadInputError(f"There is no device called {name!r}.", "use auto, cpu, cuda, cuda:N or mps")
    return name


def choose_device(name: str = "auto") -> "torch.device":
    """Return the device to compute on: the one named, or for ``auto`` the first of CUDA, MPS and CPU that works.

    A named device that this machine lacks is replaced by the CPU with a :class:`DeviceWarning`, so that a batch started
    on the wrong machine is slow rather than lost. Raises :class:`BadInputError` for a name that means nothing.
    """
    import torch

    check_device_name(name)
    cuda, mps = (
        torch.cuda.device_count() if torch.cuda.is_available() else 0,
        torch.backends.mps.is_available(),
    )
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= cuda:
        reason = f"this machine has {cuda} CUDA device(s)" if cuda else "PyTorch finds no CUDA device"
    elif device.type == "mps" and not mps:
        reason = "PyTorch finds no Apple GPU"
    else:
        return device
    warnings.warn(f"{name} cannot be used ({reason}); computing on the CPU", DeviceWarning, stacklevel=2)
    return torch.device("cpu")


def describe_device(device: "torch.device") -> str:
    """Return the device for people, with its name and memory: ``"cuda (NVIDIA H100, 79 GiB)"``."""
    import torch

    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{device} ({properties.name}, {properties.total_memory / 2**30:.0f} GiB)"
    if device.type == "mps":
        return "mps (Apple GPU)"
    return f"cpu ({torch.get_num_threads()} threads)"
