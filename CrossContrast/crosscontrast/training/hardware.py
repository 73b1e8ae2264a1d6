"""Where a training computes: on one device or in the processes of ``torchrun``, and in numbers of which length."""

import os
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from crosscontrast.training.settings import Precision


def open_fabric(device: torch.device, players: int) -> Fabric:
    """Return the fabric of ``device``, or of all processes that ``torchrun`` has started us with.

    Precision is left to the loop: the fabric would also shorten the batches, and soft targets would lose their steps.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1
    accelerator = {"cuda": "cuda", "mps": "mps"}.get(device.type, "cpu")
    if processes == 1:
        devices: Any = [device.index or 0] if accelerator == "cuda" else 1
        return Fabric(accelerator=accelerator, devices=devices)
    local = int(os.environ.get("LOCAL_WORLD_SIZE", processes))
    # Where players take turns, only one player's networks have gradients.
    strategy = DDPStrategy(find_unused_parameters=players > 1)
    return Fabric(accelerator=accelerator, devices=local, num_nodes=processes // local, strategy=strategy)


def half_precision(precision: Precision, device: torch.device) -> torch.dtype | None:
    """Return the type that convolutions compute in on ``device``, or None where full precision is the faster one.

    A processor without instructions for bfloat16 takes fifty times as long for a step in it, and none has any for fp16.
    """
    if precision == "bf16":
        capable = device.type != "cpu" or torch.backends.cpu.get_cpu_capability().startswith(("AVX512", "AMX", "SVE"))
        return torch.bfloat16 if capable else None
    return torch.float16 if precision == "fp16" and device.type == "cuda" else None
