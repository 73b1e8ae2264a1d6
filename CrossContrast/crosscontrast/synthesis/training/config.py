"""Everything that decides a training, in one file that is kept with the model."""

import json
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from crosscontrast.errors import BadInputError
from crosscontrast.models.spec import Preprocessing, Strict
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Normalisation = Literal["foreground", "zscore", "minmax", "none"]
SliceAxis = Literal[0, 1, 2, "all"]

CONFIG = "config.json"


class RunConfig(Strict):
    """How long and how anything is trained.

    ``batch`` and ``patch`` (voxels along k, j, i; two numbers for slices) are chosen by the network's dimensions where
    they are not given. ``ema`` is the decay of the weights' moving average, which is what is exported. ``workers``
    processes prepare batches; 0 does it in the training process. Checkpoints come every ``checkpoint_minutes`` and at
    the end; every ``validation_steps`` the split ``validation`` is measured and a picture drawn (0: only at the end).
    """

    steps: Count = 2000
    batch: Count | None = None
    patch: tuple[Count, ...] | None = None
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-5
    clip: Positive = 5.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.99
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    workers: Annotated[int, Field(ge=0)] = 0
    flips: bool = True
    seed: int = 0
    checkpoint_minutes: NotNegative = 2.0
    validation_steps: Annotated[int, Field(ge=0)] = 500
    log_steps: Count = 20


class TrainingConfig(RunConfig):
    """The settings of a translator's training.

    ``source`` and ``target`` are roles of the table ``cohort``. Images are oriented by ``orientation``, resampled to
    ``spacing`` (mm along i, j, k; ``None``: their own) and normalised per volume; what is then the range of the
    training images is mapped to [-1, 1]. With ``target_normalisation`` "none" the translator answers in the target's
    own unit, otherwise in the average one. ``width`` counts the channels at full resolution (``None``: 16 in 2D, 8 in
    3D). ``slice_axis`` is the array axis (0: k, up; 1: j; 2: i) that a 2D network slides along, or all of them in turn;
    ``neighbours`` slices on either side are further channels. ``residual`` lets the network begin at a linear
    intensity map: the best one, or without pairs (where it is the default) the one that matches mean and spread.
    Without ``norm`` the layers of U-Nets and of the autoencoder are not normalised: small windows then keep their own
    level and contrast. ``resample`` brings targets on other grids onto the source's; ``whole_image`` trains and
    measures without masks.

    ``discriminator_rate`` is relative to ``learning_rate``. ``terms`` replaces weights of losses by name. With
    ``radiomics`` above 0 the soft radiomic statistics of the region must agree (see crosscontrast.synthesis.objectives.radiomics),
    with ``outcome`` the translated region must also tell that column's label, weighted by ``outcome_weight``.
    """

    network: str
    cohort: Path
    source: str
    target: str
    width: Count | None = None
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    norm: bool = True
    orientation: str = "RAS"
    spacing: tuple[Positive, Positive, Positive] | None = None
    source_normalisation: Normalisation = "foreground"
    target_normalisation: Normalisation = "none"
    slice_axis: SliceAxis = 0
    neighbours: Annotated[int, Field(ge=0)] = 0
    residual: bool | None = None
    resample: bool = False
    whole_image: bool = False
    discriminator_rate: Positive = 0.5
    terms: dict[str, NotNegative] = Field(default={})
    radiomics: NotNegative = 0.0
    outcome: str = ""
    outcome_weight: Positive = 0.1

    @model_validator(mode="after")
    def _fits_the_network(self) -> Self:
        if self.network not in CATALOGUE:
            raise ValueError(f"there is no network {self.network!r}; there are {', '.join(CATALOGUE)}")
        entry = CATALOGUE[self.network]
        if self.patch is not None and len(self.patch) != entry.dims:
            raise ValueError(f"{self.network} needs a patch of {entry.dims} numbers")
        if self.patch is not None and any(side % 2**entry.levels for side in self.patch):
            raise ValueError(f"{self.network} needs sides of the patch that are divisible by {2**entry.levels}")
        if self.neighbours and (entry.dims == 3 or not entry.paired):
            raise ValueError(f"{self.network} cannot use neighbouring slices")
        for name in ("radiomics", "outcome"):
            if getattr(self, name) and not entry.paired:
                raise ValueError(f"{name} needs pairs, and {self.network} learns without them")
        return self

    @property
    def dims(self) -> int:
        """2 for networks that see slices, 3 for volumes."""
        return CATALOGUE[self.network].dims

    @property
    def divisible(self) -> int:
        """What the sides of a window must be divisible by."""
        return 2 ** CATALOGUE[self.network].levels

    @property
    def slice_axes(self) -> tuple[Literal[0, 1, 2], ...]:
        """The array axes that slices are taken across."""
        return (0, 1, 2) if self.slice_axis == "all" else (self.slice_axis,)

    def preprocessing(self, normalisation: Normalisation) -> Preprocessing:
        """Return the preprocessing as a model's specification has it."""
        return Preprocessing(orientation=self.orientation, spacing=self.spacing, normalisation=normalisation)


Config = TypeVar("Config", bound=RunConfig)


def read_config(path: Path, kind: type[Config], given: dict[str, object]) -> Config:
    """Read a JSON configuration; ``given`` (what the user named otherwise) replaces its settings.

    Raises :class:`BadInputError` naming the file and the setting that is wrong.
    """
    try:
        content = json.loads(path.read_text())
    except OSError as error:
        raise BadInputError(f"The training configuration {path} cannot be read: {error.strerror}.") from error
    except json.JSONDecodeError as error:
        raise BadInputError(f"The training configuration {path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise BadInputError(f"The training configuration {path} does not hold a JSON object.")
    return make_config(kind, content | given, f"The training configuration {path}")


def make_config(kind: type[Config], settings: dict[str, object], what: str = "The training's settings") -> Config:
    """Return the configuration of these settings; raises :class:`BadInputError` naming the one that is wrong."""
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInputError(f"{what} cannot be used: {f'{where}: ' if where else ''}{reason}.") from error
