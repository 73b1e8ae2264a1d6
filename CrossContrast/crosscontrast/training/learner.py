"""What a training loop trains: a learner, its batches, and how it is measured. The rooms above bring all three."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


class Learner(nn.Module):
    """Networks with their losses, trained by players that take their turns in every step, each with its own optimiser.

    Most learners have one player. Adversarial ones have two or more, and let only the player whose turn it is have
    gradients.
    """

    players: Sequence[str] = ("network",)

    def parts(self, player: str) -> list[nn.Module]:
        """Return the networks that a player trains."""
        raise NotImplementedError

    def forward(self, player: str, batch: Any) -> dict[str, Tensor]:
        """Return the weighted losses of a player's turn by name, each a number; their sum is minimised."""
        raise NotImplementedError

    def after_step(self, player: str) -> None:
        """Do what has to follow a player's step."""


@dataclass(frozen=True)
class Task:
    """A learner and what it is trained with.

    ``averaged`` names the learner's networks whose moving average is kept, and exported. ``batches(step, rank,
    device)`` yields what the process ``rank`` learns from in ``step`` and after, the same whenever it is asked.
    ``measure(average, step)`` gets the averaged networks and returns numbers by name for the log; it may draw pictures.
    ``rates`` are the players' learning rates relative to that of the settings, 1 where none is given.
    """

    learner: Learner
    averaged: tuple[str, ...]
    batches: Callable[[int, int, torch.device], Iterator[Any]]
    measure: Callable[[nn.ModuleDict, int], Mapping[str, float]]
    rates: Mapping[str, float] = field(default_factory=dict)
