"""Training the cord translator: what the shared loop needs, from the configuration."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch
from torch import nn

from crosscontrast.cord.teaching.learner import NETWORK
from crosscontrast.cord.translator.config import TranslatorConfig
from crosscontrast.cord.translator.evaluate import answers, held_out, save_pictures
from crosscontrast.cord.translator.evaluate import measure as measure_pairs
from crosscontrast.cord.translator.learner import TranslatorLearner
from crosscontrast.cord.translator.pairs import Pair, stream
from crosscontrast.progress import Progress, silent
from crosscontrast.training.learner import Task
from crosscontrast.training.loop import run
from crosscontrast.training.state import State


def train(
    config: TranslatorConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> State:
    """Train a cord translator; see :func:`~crosscontrast.training.loop.run`.

    The state's ``average["network"]`` is what is used later.
    """

    def make() -> Task:
        return _task(config, folder)

    return run(make, config, folder, resume=resume, max_minutes=max_minutes, device=device, progress=progress)


def _task(config: TranslatorConfig, folder: Path) -> Task:
    @cache
    def pairs() -> list[Pair]:
        return held_out(config)

    def measure(average: nn.ModuleDict, step: int) -> Mapping[str, float]:
        made = answers(average[NETWORK], pairs())
        save_pictures(pairs(), made, folder / f"pictures_{step:06d}.png")
        return {f"held_out/{name}": value for name, value in measure_pairs(pairs(), made).items()}

    return Task(
        learner=TranslatorLearner(config),
        averaged=(NETWORK,),
        batches=lambda step, rank, _device: stream(config, step, rank),
        measure=measure,
    )
