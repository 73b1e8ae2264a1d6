"""Everything that decides a training, in one file that is kept with the model."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crosscontrast.models.spec import Preprocessing
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE
from crosscontrast.training.settings import Count, NotNegative, Positive, RunSettings

Normalisation = Literal["foreground", "zscore", "minmax", "none"]
SliceAxis = Literal[0, 1, 2, "all"]


class PatchSettings(RunSettings):
    """How anything is trained on patches of volumes in memory.

    ``batch`` and ``patch`` (voxels along k, j, i; two numbers for slices) are chosen by the network's dimensions where
    they are not given; ``flips`` mirrors patches at random. Every ``validation_steps`` the split ``validation`` is
    measured and a picture drawn (0: only at the end).
    """

    batch: Count | None = None
    patch: tuple[Count, ...] | None = None
    flips: bool = True
    validation_steps: Annotated[int, Field(ge=0)] = 500


class TrainingConfig(PatchSettings):
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
    ``radiomics`` above 0 the soft radiomic statistics of the region must agree (see
    :mod:`crosscontrast.synthesis.objectives.radiomics`), with ``outcome`` the translated region must also tell that
    column's label, weighted by ``outcome_weight``.
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
