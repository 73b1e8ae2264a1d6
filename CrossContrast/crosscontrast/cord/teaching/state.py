"""What a training is made of, and how it is kept so that it goes on as if it had never stopped."""

import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.models.networks import build_network

CHECKPOINT = "checkpoint.pt"


@dataclass
class State:
    """Network, its moving average, optimiser and progress. Everything random follows from the seed and ``step``."""

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    step: int = 0
    minutes: float = 0.0

    def as_dict(self, config: TrainingConfig) -> dict[str, Any]:
        """Return what :func:`load` needs, and the configuration for people and exporters."""
        return {
            "config": config.model_dump(mode="json"),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "step": self.step,
            "minutes": self.minutes,
        }


def create(config: TrainingConfig, device: torch.device) -> State:
    """Build network and optimiser, from ``config.initial_weights`` where given."""
    torch.manual_seed(config.seed)
    network = build_network(config.network.name, **config.network.arguments)
    if config.initial_weights:
        _start_from(network, config.initial_weights)
    else:
        _expect_little_cord(network)
    network = network.to(device)
    _store_channels_last(network)
    optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16" and device.type == "cuda")
    return State(network, copy.deepcopy(network).eval(), optimiser, scaler)


def _start_from(network: nn.Module, path: Path) -> None:
    """Take the weights of ``path``; parts of the network that they know nothing of begin as they are built."""
    try:
        unused = network.load_state_dict(read_weights(path), strict=False).unexpected_keys
    except RuntimeError as error:
        raise BadInputError(f"The weights {path} do not fit the network: {error}.") from error
    if unused:
        raise BadInputError(f"The weights {path} have parts that the network lacks, {unused[0]} for one.")


def _store_channels_last(network: nn.Module) -> None:
    """Lay out the convolutions' weights so that a step takes 12 % less on a CPU (those of 1 x 1 x 1 have no layout)."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d) and max(module.kernel_size) > 1:
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last_3d)


def _expect_little_cord(network: nn.Module) -> None:
    """Start the last layer at a probability of 2 %: else hundreds of steps only teach that cord is rare."""
    last = [m for m in network.modules() if isinstance(m, nn.Conv3d)][-1]
    if last.bias is not None:
        nn.init.constant_(last.bias, -4.0)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the network weights of a checkpoint (its moving average) or of a plain state dict."""
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise BadInputError(f"The weights {path} cannot be read: {error}.") from error
    return stored.get("average", stored)


def save(state: State, config: TrainingConfig, folder: Path) -> None:
    """Write the checkpoint; an interruption leaves the one before untouched."""
    with atomic_write(folder / CHECKPOINT) as path:
        torch.save(state.as_dict(config), path)


def load(state: State, folder: Path, device: torch.device) -> None:
    """Continue from the checkpoint in ``folder``; raises :class:`BadInputError` where there is none that fits."""
    path = folder / CHECKPOINT
    try:
        stored = torch.load(path, map_location=device, weights_only=True)
        state.network.load_state_dict(stored["network"])
        state.average.load_state_dict(stored["average"])
        state.optimiser.load_state_dict(stored["optimiser"])
        state.scaler.load_state_dict(stored["scaler"])
    except FileNotFoundError as error:
        raise BadInputError(f"There is no training to resume in {folder}: {path.name} is missing.") from error
    except Exception as error:
        raise BadInputError(f"The training in {folder} cannot be resumed: {error}.") from error
    state.step, state.minutes = stored["step"], stored["minutes"]


def learning_rate(config: TrainingConfig, step: int) -> float:
    """Return the rate at ``step``: a linear rise, then a cosine down to a fiftieth."""
    rise = min(1.0, (step + 1) / config.warmup)
    share = min(1.0, step / config.steps)
    return config.learning_rate * rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


@torch.no_grad()
def update_average(state: State, decay: float) -> None:
    """Move the average towards the network; early on faster, so that it forgets the first weights."""
    decay = min(decay, (state.step + 1) / (state.step + 10))
    for mean, value in zip(state.average.state_dict().values(), state.network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)
