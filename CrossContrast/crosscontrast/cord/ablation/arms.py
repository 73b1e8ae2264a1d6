"""What is compared: three ways to choose training masks, each with three losses."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from crosscontrast.cord.ablation.cohort import with_manual_masks, write_table
from crosscontrast.cord.ablation.contrasts import CONTRASTS
from crosscontrast.cord.evaluation.plan import Method
from crosscontrast.cord.teaching.config import LossName
from crosscontrast.ground.cohort import Cohort

#: One network per contrast on its manual masks; one network on all of them; one network on their average.
Masks = Literal["hard per contrast", "hard", "soft"]
MASKS: tuple[Masks, ...] = get_args(Masks)
#: The losses of Bédard et al. 2023 by the names that reports use; Adaptive Wing is the regression among them.
LOSSES: dict[str, LossName] = {"Dice": "dice", "cross-entropy": "bce", "Adaptive Wing": "adaptive_wing"}
#: What reports call the manual masks themselves, whose spread the networks learn or lose.
MANUAL_MASKS = "manual masks"


@dataclass(frozen=True)
class Network:
    """One network to train: its name in the library, its loss, and the contrast that it sees (``None``: all)."""

    name: str
    masks: Masks
    loss: LossName
    contrast: str | None = None

    def write_table(self, cohort: Cohort, path: Path) -> None:
        """Write the cohort table that this network learns from."""
        cohort = cohort if self.masks == "soft" else with_manual_masks(cohort)
        rows = [row for row in cohort.select(split="train") if self.contrast in (None, row.role)]
        lines = [
            [row.subject, row.role, *(os.path.relpath(file, path.parent) for file in (row.image, row.mask) if file)]
            for row in rows
        ]
        write_table(path, ["subject", "role", "image", "mask", "split"], [[*line, "train"] for line in lines])


@dataclass(frozen=True)
class Arm:
    """One line of the comparison: ``method`` says which of the ``networks`` segments which image."""

    masks: Masks
    loss: str
    networks: tuple[Network, ...]

    @property
    def name(self) -> str:
        """What reports call it."""
        return arm_name(self.masks, self.loss)

    @property
    def method(self) -> Method:
        """The arm as the evaluation sees it."""
        if len(self.networks) == 1:
            return Method(self.name, model=self.networks[0].name)
        return Method(self.name, by_contrast={n.contrast: n.name for n in self.networks if n.contrast})


def arm_name(masks: Masks, loss: str) -> str:
    """Return what reports call the arm."""
    return f"{masks}, {loss}"


def all_arms() -> list[Arm]:
    """Return the nine arms; those per contrast have six networks, the others one."""
    return [Arm(masks, loss, _networks(masks, name)) for masks in MASKS for loss, name in LOSSES.items()]


def _networks(masks: Masks, loss: LossName) -> tuple[Network, ...]:
    base = f"{masks} {loss}".replace(" ", "-")
    if masks != "hard per contrast":
        return (Network(base, masks, loss),)
    return tuple(Network(f"{base}-{c.name.lower()}", masks, loss, c.name) for c in CONTRASTS)
