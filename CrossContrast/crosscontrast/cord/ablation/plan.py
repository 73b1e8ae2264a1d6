"""How large an ablation is; kept in its folder, so that a later call goes on with the same one."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from crosscontrast.cord.ablation.arms import Network
from crosscontrast.cord.ablation.cohort import SHAPE
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.models.spec import ModelSpec, NetworkSpec, Strict, Windowing

PLAN = "ablation.json"
#: Share of the paper's augmentation. With soft masks and 400 steps Dice is 0.81 with a fifth of it and 0.70 with all
#: of it, which needs more steps than a CPU takes in minutes.
_AUGMENTATION = 0.2


class Plan(Strict):
    """``subjects`` persons to test on, twice as many to train on; every network takes ``steps`` steps of two images."""

    subjects: Annotated[int, Field(ge=2)]
    steps: Annotated[int, Field(ge=1)]
    channels: tuple[int, ...] = (16, 32, 64)

    @property
    def network(self) -> NetworkSpec:
        """The network of every arm."""
        arguments = {"in_channels": 1, "out_channels": 2, "channels": list(self.channels)}
        return NetworkSpec(name="CompactUNet", arguments=arguments)

    def training(self, network: Network, table: Path) -> TrainingConfig:
        """Return the settings that train ``network`` from the table: alike for all but the loss."""
        return TrainingConfig(
            network=self.network,
            losses={network.loss: 1.0},
            patches=(SHAPE,),
            geometries=4,
            appearances=1,
            steps=self.steps,
            warmup=max(1, self.steps // 10),
            learning_rate=6e-3,
            ema=0.98,
            cohort=table,
            real_share=1.0,
            augmentation=_AUGMENTATION,
            validation_samples=2,
        )

    def model(self) -> ModelSpec:
        """Return how the trained networks are run. Of the two outputs that a cord network has, only one is trained."""
        size = 2 ** len(self.channels)
        return ModelSpec(
            task="segmentation",
            network=self.network,
            outputs=("cord", "untrained"),
            windowing=Windowing(size=SHAPE, divisible_by=size),
        )


def read_plan(folder: Path) -> Plan | None:
    """Return the plan kept in ``folder``; raises :class:`BadInputError` where it cannot be read."""
    path = folder / PLAN
    if not path.exists():
        return None
    try:
        return Plan.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise BadInputError(f"{path} is not the plan of an ablation.", "give another folder") from error


def write_plan(plan: Plan, folder: Path) -> None:
    """Keep the plan in ``folder``."""
    with atomic_write(folder / PLAN) as path:
        path.write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")
