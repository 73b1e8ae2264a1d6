"""Everything that decides a training, in one file that is kept with the model."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crosscontrast.models.spec import NetworkSpec, Reaches
from crosscontrast.training.settings import Count, NotNegative, Positive, RunSettings

Shape = tuple[int, int, int]
LossName = Literal["bce", "dice", "mse", "adaptive_wing", "area"]

#: Half of the patches have the shape of the window that inference uses: instance normalisation makes the network's
#: answer depend on it, and windows it never trained on changed areas by 10 %. The others are small or thin images.
PATCHES: tuple[Shape, ...] = (
    *((48, 64, 64),) * 5, (32, 64, 64), (64, 64, 64), (48, 48, 48), (48, 64, 48), (16, 64, 64),
)  # fmt: skip


class TrainingConfig(RunSettings):
    """The settings of a cord network's training.

    ``losses`` are summed with their weights; cross-entropy leads, because an unsure network's Dice is best when it
    marks too much, which makes areas too large. ``output_weights`` weigh cord and canal. Each step takes ``batch``
    patches; ``geometries`` bodies are each shown in ``appearances`` contrasts and mixed, as a body costs more than a
    picture of it. ``initial_weights`` is a checkpoint or state dict to start from. Every batch is shown ``echoes``
    times, every other time mirrored from left to right: more learning from what was generated, for a GPU that would
    otherwise wait (Choi et al. 2019). ``centred`` patches have the cord about their middle: for the fine pass of a
    model that follows a first estimate. ``relative`` gives the network a second channel, the image in units of the
    difference between cord and fluid by that estimate
    (:func:`~crosscontrast.inference.relative.relative_contrast`): what no contrast changes. ``reaches`` are the
    Gaussian widths in mm by which cord's and fluid's intensities are smoothed along the cord, one after the other.
    ``wide`` patches are anywhere in a body, thin slabs and echo-planar images among them: for a network that searches.
    ``slabs`` is the share of images of a few slices among patches that are not wide, ``narrow`` that of bodies with
    little fluid around the cord.
    ``store`` is a folder where generated groups are kept; with ``groups``, those are shown over and over, which is for
    processors that generate as slowly as they learn.
    ``label_maps`` is a folder of cord and CSF masks whose shapes half of the bodies' necks take. ``cohort`` is a table
    of real images with masks (its split ``train``), which make up ``real_share`` of the bodies; its column ``canal``
    may name maps of the canal, by which first estimates of the fluid are better. ``augmentation`` is how strongly real
    images are varied, 1 as in Bédard et al. 2023. What is measured are ``validation_samples`` generated images.
    """

    network: NetworkSpec = NetworkSpec(name="CompactUNet", arguments={"in_channels": 1, "out_channels": 2})
    initial_weights: Path | None = None
    losses: dict[LossName, Positive] = Field(default={"bce": 10.0, "dice": 0.1}, min_length=1)
    output_weights: tuple[Positive, Positive] = (1.0, 0.5)
    patches: Annotated[tuple[Shape, ...], Field(min_length=1)] = PATCHES
    centred: bool = False
    relative: bool = False
    wide: bool = False
    slabs: Annotated[float, Field(ge=0, le=1)] = 0.0
    narrow: Annotated[float, Field(ge=0, le=1)] = 0.0
    store: Path | None = None
    groups: Count | None = None
    reaches: Reaches = (6.0,)
    batch: Count = 2
    geometries: Count = 4
    appearances: Count = 4
    echoes: Count = 1
    steps: Count = 20_000
    warmup: Count = 200
    learning_rate: Positive = 1.5e-3
    weight_decay: NotNegative = 1e-4
    clip: Positive = 2.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.998
    label_maps: Path | None = None
    cohort: Path | None = None
    real_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    augmentation: Annotated[float, Field(ge=0, le=1)] = 1.0
    log_steps: Count = 50
    validation_samples: Count = 48
    validation_minutes: Positive | None = 20.0
    checkpoint_minutes: NotNegative = 5.0

    @model_validator(mode="after")
    def _groups_divide_into_batches(self) -> Self:
        if self.geometries % self.batch:
            raise ValueError("geometries must be a multiple of batch, so that a batch shows different bodies")
        return self

    @property
    def steps_per_group(self) -> int:
        """Steps that one group of bodies lasts."""
        return self.geometries * self.appearances // self.batch * self.echoes
