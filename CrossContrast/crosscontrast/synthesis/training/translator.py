"""Training a translator: from the cohort to a bundle of the model library."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import nn

from crosscontrast.models.spec import ModelSpec, Windowing
from crosscontrast.progress import Progress, silent
from crosscontrast.synthesis.objectives.base import Design, Objective
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE, build_objective
from crosscontrast.synthesis.training.cases import (
    Case,
    Scale,
    fit_linear,
    fit_moments,
    fit_scale,
    mapped,
    read_cases,
    read_training_cases,
)
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.synthesis.training.loop import Task, run
from crosscontrast.synthesis.training.patches import DEFAULT_BATCH, Cutting, Patches, choose_patch
from crosscontrast.synthesis.training.state import State
from crosscontrast.synthesis.training.validation import validate

#: Channels at full resolution, per number of dimensions: what a CPU trains in minutes on small images.
DEFAULT_WIDTH = {2: 16, 3: 8}


@dataclass(frozen=True)
class Preparation:
    """The cohort as a training sees it, and everything that is fitted on its training subjects."""

    config: TrainingConfig

    @cached_property
    def _read(self) -> list[Case]:
        return read_training_cases(self.config)

    @cached_property
    def scales(self) -> tuple[Scale, Scale]:
        """The intensity ranges of source and target."""
        config = self.config
        return fit_scale(config, self._read, config.source), fit_scale(config, self._read, config.target)

    @cached_property
    def train(self) -> list[Case]:
        """The training cases, mapped to [-1, 1]."""
        return [mapped(case, *self.scales) for case in self._read]

    @cached_property
    def validation(self) -> list[Case]:
        """The cases of the split ``validation``, mapped to [-1, 1]; may be empty."""
        return [mapped(case, *self.scales) for case in read_cases(self.config, "validation")]

    @cached_property
    def cutting(self) -> Cutting:
        """How patches are cut."""
        config, entry = self.config, CATALOGUE[self.config.network]
        return Cutting(
            size=choose_patch(config.patch, self._read, config.dims, config.divisible),
            batch=config.batch or DEFAULT_BATCH[config.dims],
            slice_axes=config.slice_axes,
            neighbours=config.neighbours,
            flips=config.flips,
            paired=entry.paired,
        )

    @cached_property
    def design(self) -> Design:
        """What the translator is built of."""
        config = self.config
        source, target = self.scales
        return Design(
            network=config.network,
            dims=config.dims,
            channels=2 * config.neighbours + 1,
            width=config.width or DEFAULT_WIDTH[config.dims],
            dropout=config.dropout,
            norm=config.norm,
            source_range=source.range,
            target_range=target.range,
            source_unit=source.unit,
            target_unit=target.unit,
            residual=self._start,
            terms=config.terms,
            radiomics=config.radiomics,
            outcome=config.outcome_weight if config.outcome else 0.0,
        )

    @cached_property
    def _start(self) -> tuple[float, float] | None:
        """The linear map that the translator begins at."""
        paired = CATALOGUE[self.config.network].paired
        wanted = not paired if self.config.residual is None else self.config.residual
        return None if not wanted else (fit_linear if paired else fit_moments)(self.train)

    def task(self, folder: Path) -> Task:
        """Return what the loop needs."""
        objective = build_objective(self.design)
        exported = ("generator", "back") if objective.back_again else ("generator",)
        rates = {name: 1.0 if name == "generator" else self.config.discriminator_rate for name in objective.players}
        spec = model_spec(self, objective)

        def measure(average: nn.ModuleDict, step: int) -> dict[str, float]:
            return validate(average["generator"], spec, self.validation, self.train, folder, step)

        return Task(
            objective=objective,
            exported=exported,
            patches=lambda rank: Patches(self.train, self.cutting, self.config.seed, rank),
            measure=measure,
            rates=rates,
        )


def model_spec(preparation: Preparation, objective: Objective, *, back: bool = False) -> ModelSpec:
    """Return how the library runs the translator, or (``back``) its way back."""
    config, cutting = preparation.config, preparation.cutting
    network = objective.back_again if back else objective.there
    assert network is not None
    role, answer = (config.target, config.source) if back else (config.source, config.target)
    normalisation = config.target_normalisation if back else config.source_normalisation
    slices = len(cutting.size) == 2
    return ModelSpec(
        task="translation",
        network=network,
        inputs=(role,),
        outputs=(answer,),
        preprocessing=config.preprocessing(normalisation),
        windowing=Windowing(
            size=cutting.size,
            overlap=0.25 if slices else 0.5,
            batch=8 if slices else 1,
            divisible_by=config.divisible,
            slice_axis=config.slice_axes[0],
            neighbours=config.neighbours,
        ),
        activation="none",
    )


#: Channels at full resolution, per number of dimensions: what a CPU trains in minutes on small images.
DEFAULT_WIDTH = {2: 16, 3: 8}


def train(
    config: TrainingConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> State:
    """Train a translator; see :func:`crosscontrast.synthesis.training.loop.run`. A bad cohort is found before anything is written.

    Raises :class:`crosscontrast.errors.BadInputError`.
    """
    preparation = Preparation(config)
    _ = preparation.design, preparation.validation

    def make() -> Task:
        return preparation.task(folder)

    return run(make, config, folder, resume=resume, max_minutes=max_minutes, device=device, progress=progress)
