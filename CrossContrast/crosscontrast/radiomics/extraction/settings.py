"""How features are extracted."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from crosscontrast.radiomics.ibsi.features import FAMILIES, Aggregation
from crosscontrast.radiomics.ibsi.images import FILTERS, Interpolation

BackendName = Literal["ibsi", "pyradiomics", "mirp"]

#: What a back-end can compute, in the order in which the classes are shown.
CLASSES: dict[BackendName, tuple[str, ...]] = {
    "ibsi": FAMILIES,
    "pyradiomics": ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"),
    "mirp": FAMILIES,
}
#: The filtered images that a back-end can make.
FILTERS_OF: dict[BackendName, tuple[str, ...]] = {
    "ibsi": FILTERS,
    "pyradiomics": (*FILTERS, "LBP2D", "LBP3D"),
    "mirp": (),
}
#: Grey levels where the settings name neither number nor width of bins.
DEFAULT_BIN_COUNT = 32


class ExtractionSettings(BaseModel):
    """Everything that the value of a feature depends on beside the image and the mask.

    ``label`` or ``threshold`` chooses the region in a mask, as :mod:`crosscontrast.radiomics.extraction.region` says.
    ``classes`` are the back-end's feature classes, by default all (ibsi and MIRP: all but shape, the 186 features of
    Salmanpour et al. 2025). Grey levels are discretised into ``bin_count`` bins, which is what IBSI advises where
    intensities have no unit, or into bins of ``bin_width``. ``spacing`` resamples to that voxel size in mm first,
    by ``interpolation`` (ibsi only). With ``resample_masks`` masks on other grids than their image's, such as finer
    ones, are resampled onto it. ``resegment`` leaves out voxels with intensities beyond (low, high), either of
    which may be ``None``, and ``outliers`` those more than so many standard deviations from the mean. ``aggregation``
    sees textures in the volume (3D), in slices taken together (2.5D) or in slices that are averaged (2D).
    ``normalise`` "zscore" sets the image's mean to 0 and its standard deviation to 100 before everything else.
    ``filters`` names image filters with their options, as in ``{LoG: {sigma: [1, 3]}, Wavelet: {}}``.
    ``options`` go to PyRadiomics as they are and win over the others. ``features`` keeps only the named features of a
    class, as in ``{firstorder: [Mean, Entropy]}``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: BackendName = "ibsi"
    label: PositiveInt | None = None
    threshold: float | None = Field(default=None, gt=0, le=1)
    classes: tuple[str, ...] = ()
    bin_count: int | None = Field(default=None, ge=2)
    bin_width: PositiveFloat | None = None
    spacing: tuple[PositiveFloat, PositiveFloat, PositiveFloat] | None = None
    interpolation: Interpolation = "linear"
    resegment: tuple[float | None, float | None] | None = None
    outliers: PositiveFloat | None = None
    aggregation: Aggregation = "3D"
    resample_masks: bool = False
    normalise: Literal["none", "zscore"] = "none"
    original: bool = True
    filters: dict[str, dict[str, Any]] = {}
    options: dict[str, Any] = {}
    features: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.label is not None and self.threshold is not None:
            raise ValueError("give a label or a threshold, not both")
        if self.bin_count is not None and self.bin_width is not None:
            raise ValueError("give a bin_count or a bin_width, not both")
        self._check_names()
        self._check_back_end()
        low, high = self.resegment or (None, None)
        if low is not None and high is not None and low >= high:
            raise ValueError("resegment needs a lower limit below the upper one")
        if "LoG" in self.filters and not self.filters["LoG"].get("sigma"):
            raise ValueError("the filter LoG needs its widths in mm, as in {LoG: {sigma: [1, 3]}}")
        if not self.original and not self.filters:
            raise ValueError("neither the original image nor a filter is chosen")
        return self

    def _check_names(self) -> None:
        unknown = [name for name in (*self.classes, *self.features) if name not in CLASSES[self.backend]]
        if unknown:
            others = [name for name, known in CLASSES.items() if set(self.classes) <= set(known)]
            raise ValueError(
                f"{self.backend} has no class {', '.join(unknown)}, only {', '.join(CLASSES[self.backend])}"
                + (f"; with backend: {others[0]} there are the classes given" if others else "")
            )
        everything = FILTERS_OF["pyradiomics"]
        foreign = [name for name in self.filters if name not in everything]
        if foreign:
            raise ValueError(f"there is no filter {', '.join(foreign)}, only {', '.join(everything)}")

    def _check_back_end(self) -> None:
        """Refuse what the back-end cannot do, which it would otherwise pass over."""
        if self.options and self.backend != "pyradiomics":
            raise ValueError("options are for the back-end pyradiomics")
        if self.backend == "mirp" and (self.filters or not self.original):
            raise ValueError("filters and original: false are for the back-ends ibsi and pyradiomics")
        foreign = [name for name in self.filters if name not in FILTERS_OF[self.backend]]
        if foreign:
            raise ValueError(f"the filter {', '.join(foreign)} is for the back-end pyradiomics")
        if self.interpolation != "linear" and self.backend != "ibsi":
            raise ValueError("interpolation is for the back-end ibsi; pyradiomics takes it in options")
        if self.backend == "pyradiomics":
            if self.aggregation == "2D":
                raise ValueError("pyradiomics takes slices together (2.5D) and does not average over them (2D)")
            if self.resegment and (None in self.resegment or self.outliers is not None):
                raise ValueError("pyradiomics takes either both limits of resegment or outliers")

    @property
    def chosen_classes(self) -> tuple[str, ...]:
        """The classes that are computed."""
        if self.classes:
            return self.classes
        return tuple(name for name in CLASSES[self.backend] if self.backend == "pyradiomics" or name != "shape")

    def keeps(self, family: str, feature: str) -> bool:
        """Tell whether a feature of a computed class is wanted."""
        return family not in self.features or feature in self.features[family]

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
