"""How features are extracted."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

BackendName = Literal["pyradiomics", "mirp"]

#: What a back-end can compute, in the order in which the classes are shown.
CLASSES: dict[BackendName, tuple[str, ...]] = {
    "pyradiomics": ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"),
    "mirp": (
        *("shape", "local-intensity", "statistics", "intensity-histogram", "intensity-volume-histogram"),
        *("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"),
    ),
}
#: PyRadiomics' filtered images.
FILTERS = ("LoG", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LBP2D", "LBP3D")
#: Grey levels where the settings name neither number nor width of bins.
DEFAULT_BIN_COUNT = 32


class ExtractionSettings(BaseModel):
    """Everything that the value of a feature depends on beside the image and the mask.

    ``label`` or ``threshold`` chooses the region in a mask, as :mod:`crosscontrast.radiomics.extraction.region` says.
    ``classes`` are the back-end's feature classes, by default all (MIRP: all but shape, the 186 features of
    Salmanpour et al. 2025). Grey levels are discretised into ``bin_count`` bins, which is what IBSI advises where
    intensities have no unit, or into bins of ``bin_width``. ``spacing`` resamples to that voxel size in mm first.
    With ``resample_masks`` masks on other grids than their image's, such as finer ones, are resampled onto it.
    ``normalise`` "zscore" sets the image's mean to 0 and its standard deviation to 100 before everything else.
    ``filters`` names PyRadiomics' image filters with their options, as in ``{LoG: {sigma: [1, 3]}}``.
    ``options`` go to PyRadiomics as they are and win over the others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: BackendName = "pyradiomics"
    label: PositiveInt | None = None
    threshold: float | None = Field(default=None, gt=0, le=1)
    classes: tuple[str, ...] = ()
    bin_count: int | None = Field(default=None, ge=2)
    bin_width: PositiveFloat | None = None
    spacing: tuple[PositiveFloat, PositiveFloat, PositiveFloat] | None = None
    resample_masks: bool = False
    normalise: Literal["none", "zscore"] = "none"
    original: bool = True
    filters: dict[str, dict[str, Any]] = {}
    options: dict[str, Any] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.label is not None and self.threshold is not None:
            raise ValueError("give a label or a threshold, not both")
        if self.bin_count is not None and self.bin_width is not None:
            raise ValueError("give a bin_count or a bin_width, not both")
        unknown = [name for name in self.classes if name not in CLASSES[self.backend]]
        if unknown:
            raise ValueError(
                f"{self.backend} has no class {', '.join(unknown)}, only {', '.join(CLASSES[self.backend])}"
            )
        if self.backend == "mirp" and (self.filters or self.options or not self.original):
            raise ValueError("filters, options and original: false are for the back-end pyradiomics")
        foreign = [name for name in self.filters if name not in FILTERS]
        if foreign:
            raise ValueError(f"there is no filter {', '.join(foreign)}, only {', '.join(FILTERS)}")
        if "LoG" in self.filters and not self.filters["LoG"].get("sigma"):
            raise ValueError("the filter LoG needs its widths in mm, as in {LoG: {sigma: [1, 3]}}")
        if not self.original and not self.filters:
            raise ValueError("neither the original image nor a filter is chosen")
        return self

    @property
    def chosen_classes(self) -> tuple[str, ...]:
        """The classes that are computed."""
        if self.classes:
            return self.classes
        return tuple(name for name in CLASSES[self.backend] if self.backend == "pyradiomics" or name != "shape")

    @property
    def bins(self) -> dict[str, float | int]:
        """``{"bin_width": ...}`` or ``{"bin_count": ...}``, the one that holds."""
        if self.bin_width is not None:
            return {"bin_width": self.bin_width}
        return {"bin_count": self.bin_count or DEFAULT_BIN_COUNT}


class Perturbation(BaseModel):
    """A random change of a contour by about ``amplitude`` mm (standard deviation), another one for each ``seed``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    amplitude: PositiveFloat = 1.0
    seed: int = 0
