"""The settings of a segmentation's training."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from crosscontrast.errors import BadInputError
from crosscontrast.models.spec import Preprocessing
from crosscontrast.synthesis.training.config import Normalisation, PatchSettings, SliceAxis
from crosscontrast.training.settings import Count, Positive

LossName = Literal["ce", "dice"]
Weighting = Literal["none", "inverse", "median", "focal", "dtm", "dpt"]

#: Skip connections of each network: horizontal, vertical.
SKIPS = {"unet": (True, False), "frrn": (False, True), "hybrid": (True, True)}

#: Settings of networks that rebuild labels. After 200 steps on phantoms, cross-entropy had learned a small structure
#: from sparse labels to a Dice of 0.59; the Dice loss had after 400 steps to 0.94. A longer moving average than that of
#: these 0.97 had not caught up after 200 steps.
CLEANSING: dict[str, Any] = {"dims": 2, "loss": "dice", "learning_rate": 3e-3, "width": 12, "ema": 0.97}


class SegmentationConfig(PatchSettings):
    """How to learn to segment the images of the roles ``inputs`` from the label maps of the role ``labels``.

    ``classes`` names what is segmented by the values of the label map; all other voxels are background.
    ``translators`` are models that make further channels from the first input. ``horizontal`` and ``vertical`` switch
    single skip connections, else ``network`` decides. The mask's column is not used: every voxel with a label counts,
    apart from slices that ``labelled_every`` leaves out (only every n-th slice along k is labelled then). ``resample``
    brings label maps on other grids onto the first input's, by the nearest voxel.
    """

    cohort: Path
    inputs: Annotated[tuple[str, ...], Field(min_length=1)]
    labels: str
    classes: Annotated[dict[str, tuple[int, ...]], Field(min_length=1)]
    translators: tuple[str, ...] = ()
    network: Literal["unet", "frrn", "hybrid"] = "unet"
    horizontal: tuple[bool, ...] | None = None
    vertical: tuple[bool, ...] | None = None
    dims: Literal[2, 3] = 3
    width: Count = 8
    levels: Count = 3
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    loss: LossName = "ce"
    weighting: Weighting = "none"
    orientation: str = "RAS"
    spacing: tuple[Positive, Positive, Positive] | None = None
    normalisation: Normalisation = "foreground"
    slice_axis: SliceAxis = 0
    labelled_every: Count = 1
    resample: bool = False
    flips: bool = False

    @model_validator(mode="after")
    def _classes_are_apart(self) -> Self:
        values = [value for group in self.classes.values() for value in group]
        if len(set(values)) < len(values) or 0 in values:
            raise ValueError("classes need label values above 0, each in one class only")
        if self.patch is not None and len(self.patch) != self.dims:
            raise ValueError(f"the patch needs {self.dims} numbers")
        return self

    @property
    def preprocessing(self) -> Preprocessing:
        """The preprocessing as a model's specification has it."""
        return Preprocessing(orientation=self.orientation, spacing=self.spacing, normalisation=self.normalisation)

    @property
    def divisible(self) -> int:
        """What the sides of a window must be divisible by."""
        return 2 ** (self.levels - 1)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the model's soft maps."""
        return ("background", *self.classes)


def parse_classes(given: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return ``NAME=1+2`` as name and label values; raises :class:`BadInputError`."""
    classes = {}
    for text in given:
        name, _, values = text.partition("=")
        if not name or not all(value.isdecimal() for value in values.split("+")):
            raise BadInputError(f"{text!r} is not a class.", "write NAME=VALUE or NAME=VALUE+VALUE")
        classes[name] = tuple(int(value) for value in values.split("+"))
    return classes
