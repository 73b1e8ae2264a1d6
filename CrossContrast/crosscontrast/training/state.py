"""What a training is made of, and how it is kept so that it goes on as if it had never stopped."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.training.learner import Learner
from crosscontrast.training.settings import RunSettings

CHECKPOINT = "checkpoint.pt"
_PARTS = ("objective", "average", "optimisers", "scaler", "step", "minutes")


@dataclass
class State:
    """The learner, the moving average of its networks, an optimiser per player, and the step reached.

    ``scaler`` keeps gradients in fp16's range and does nothing in other precisions. Everything random follows from the
    seed and ``step``.
    """

    learner: Learner
    average: nn.ModuleDict
    optimisers: dict[str, torch.optim.Optimizer]
    scaler: torch.amp.GradScaler
    step: int = 0
    minutes: float = 0.0

    def save(self, settings: RunSettings, folder: Path) -> None:
        """Write the checkpoint; an interruption leaves the one before untouched."""
        content = {
            "config": settings.model_dump(mode="json"),
            "objective": self.learner.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "scaler": self.scaler.state_dict(),
            "step": self.step,
            "minutes": self.minutes,
        }
        with atomic_write(folder / CHECKPOINT) as path:
            try:
                torch.save(content, path)
            except RuntimeError as error:  # how PyTorch's zip writer says that the disk is full
                raise OSError(28, str(error).splitlines()[0]) from error

    def load(self, folder: Path, device: torch.device) -> None:
        """Continue from the checkpoint in ``folder``; raises :class:`BadInputError` where there is none that fits."""
        stored = read_checkpoint(folder, device)
        try:
            self.learner.load_state_dict(stored["objective"])
            self.average.load_state_dict(stored["average"])
            for name, optimiser in self.optimisers.items():
                optimiser.load_state_dict(stored["optimisers"][name])
            if stored["scaler"]:  # nothing is kept in precisions that need none
                self.scaler.load_state_dict(stored["scaler"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise BadInputError(f"The training in {folder} cannot be resumed: {error}.") from error
        self.step, self.minutes = stored["step"], stored["minutes"]

    @torch.no_grad()
    def update_average(self, decay: float) -> None:
        """Move the average towards the networks; early on faster, so that it forgets the first weights."""
        decay = min(decay, (self.step + 1) / (self.step + 10))
        for name, network in self.average.items():
            current: dict[str, Tensor] = getattr(self.learner, name).state_dict()
            for mean, value in zip(network.state_dict().values(), current.values(), strict=True):
                if mean.dtype.is_floating_point:
                    mean.lerp_(value, 1 - decay)
                else:
                    mean.copy_(value)


def read_checkpoint(folder: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a training's checkpoint; raises :class:`BadInputError` where there is none or it is damaged."""
    path = folder / CHECKPOINT
    try:
        stored = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError as error:
        raise BadInputError(f"There is no training to resume in {folder}: {path.name} is missing.") from error
    except Exception as error:
        raise BadInputError(f"The training in {folder} cannot be resumed: {path.name} is damaged.") from error
    stored = as_of_now(stored)
    if not isinstance(stored, dict) or any(part not in stored for part in _PARTS):
        raise BadInputError(f"The training in {folder} cannot be resumed: {path.name} is no checkpoint of a training.")
    return stored


def as_of_now(stored: Any) -> Any:
    """Return a cord network's checkpoint of before version 0.2 as one of now, and everything else as it is."""
    if not isinstance(stored, dict) or "objective" in stored or not {"network", "average", "optimiser"} <= set(stored):
        return stored
    own = {key: {f"network.{name}": value for name, value in stored[key].items()} for key in ("network", "average")}
    kept = {key: stored[key] for key in stored.keys() - {"network", "average", "optimiser"}}
    return kept | {
        "objective": own["network"],
        "average": own["average"],
        "optimisers": {"network": stored["optimiser"]},
    }


def averages(learner: Learner, names: tuple[str, ...]) -> nn.ModuleDict:
    """Return copies of the networks whose moving average is kept, in evaluation mode."""
    found = {name: copy.deepcopy(getattr(learner, name)) for name in names}
    return nn.ModuleDict(found).requires_grad_(False).eval()
