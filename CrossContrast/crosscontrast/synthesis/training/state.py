"""What a training is made of, and how it is kept so that it goes on as if it had never stopped."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.synthesis.training.config import RunConfig

CHECKPOINT = "checkpoint.pt"


class Learner(Protocol):
    """What the loop trains: players that take their turns; ``exported`` names the networks whose average is kept."""

    @property
    def players(self) -> "tuple[str, ...] | list[str]":
        """The players in the order of their turns."""
        ...

    def parts(self, player: str) -> list[nn.Module]:
        """Return the networks that a player trains."""
        ...

    def after_step(self, player: str) -> None:
        """Do what has to follow a player's step."""
        ...


@dataclass
class State:
    """The networks, the moving average of the exported ones, an optimiser per player, and the step reached.

    Everything random follows from the seed and ``step``.
    """

    objective: Any
    average: nn.ModuleDict
    optimisers: dict[str, Any]
    step: int = 0
    minutes: float = 0.0

    def save(self, config: RunConfig, folder: Path, scaler: dict[str, Any]) -> None:
        """Write the checkpoint; an interruption leaves the one before untouched."""
        content = {
            "config": config.model_dump(mode="json"),
            "objective": self.objective.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "scaler": scaler,
            "step": self.step,
            "minutes": self.minutes,
        }
        with atomic_write(folder / CHECKPOINT) as path:
            try:
                torch.save(content, path)
            except RuntimeError as error:  # how PyTorch's zip writer says that the disk is full
                raise OSError(28, str(error).splitlines()[0]) from error

    def load(self, folder: Path, device: torch.device) -> dict[str, Any]:
        """Continue from the checkpoint in ``folder`` and return what :meth:`save` kept of the scaler.

        Raises :class:`BadInputError` where there is none that fits.
        """
        stored = read_checkpoint(folder, device)
        try:
            self.objective.load_state_dict(stored["objective"])
            self.average.load_state_dict(stored["average"])
            for name, optimiser in self.optimisers.items():
                optimiser.load_state_dict(stored["optimisers"][name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise BadInputError(f"The training in {folder} cannot be resumed: {error}.") from error
        self.step, self.minutes = stored["step"], stored["minutes"]
        scaler: dict[str, Any] = stored["scaler"]
        return scaler

    @torch.no_grad()
    def update_average(self, decay: float) -> None:
        """Move the average towards the networks; early on faster, so that it forgets the first weights."""
        decay = min(decay, (self.step + 1) / (self.step + 10))
        for name, network in self.average.items():
            current: dict[str, Tensor] = getattr(self.objective, name).state_dict()
            for mean, value in zip(network.state_dict().values(), current.values(), strict=True):
                if mean.dtype.is_floating_point:
                    mean.lerp_(value, 1 - decay)
                else:
                    mean.copy_(value)


def read_checkpoint(folder: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a training's checkpoint; raises :class:`BadInputError` where there is none or it is damaged."""
    path = folder / CHECKPOINT
    try:
        stored: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError as error:
        raise BadInputError(f"There is no training to resume in {folder}: {path.name} is missing.") from error
    except Exception as error:
        raise BadInputError(f"The training in {folder} cannot be resumed: {path.name} is damaged.") from error
    return stored


def averages(objective: nn.Module, names: tuple[str, ...]) -> nn.ModuleDict:
    """Return copies of the networks whose moving average is kept, in evaluation mode."""
    found = {name: copy.deepcopy(getattr(objective, name)) for name in names}
    return nn.ModuleDict(found).requires_grad_(False).eval()
