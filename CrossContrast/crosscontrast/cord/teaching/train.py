"""Training a cord network: what the shared loop needs, from the configuration."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch
from torch import nn

from crosscontrast.cord.generator.appearance import Sample
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.evaluate import evaluate, held_out
from crosscontrast.cord.teaching.learner import NETWORK, CordLearner
from crosscontrast.cord.teaching.pictures import save_pictures
from crosscontrast.cord.teaching.stream import stream
from crosscontrast.progress import Progress, silent
from crosscontrast.training.learner import Task
from crosscontrast.training.loop import run
from crosscontrast.training.state import State

#: Samples of a picture.
_SHOWN = 10


def train(
    config: TrainingConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> State:
    """Train a cord network; see :func:`~crosscontrast.training.loop.run`.

    The state's ``average["network"]`` is what is used later. On a GPU, what a training gives is not bit by bit the same
    each time.
    """
    # Few shapes come, many times each, so trying algorithms out pays; the fastest need not repeat bit by bit.
    torch.backends.cudnn.benchmark = torch.device(device).type == "cuda"

    def make() -> Task:
        return _task(config, folder)

    return run(make, config, folder, resume=resume, max_minutes=max_minutes, device=device, progress=progress)


def _task(config: TrainingConfig, folder: Path) -> Task:
    @cache
    def samples(device: torch.device) -> list[Sample]:
        return held_out(config, device)

    def measure(average: nn.ModuleDict, step: int) -> Mapping[str, float]:
        """Measure the network on the held-out set and draw it."""
        network = average[NETWORK]
        known = samples(next(network.parameters()).device)
        scores = evaluate(network, known)
        save_pictures(network, known[:_SHOWN], folder / f"pictures_{step:06d}.png")
        return {f"held_out/{name}": value for name, value in scores.items()}

    return Task(
        learner=CordLearner(config),
        averaged=(NETWORK,),
        batches=lambda step, rank, device: stream(config, step, rank, device),
        measure=measure,
    )
