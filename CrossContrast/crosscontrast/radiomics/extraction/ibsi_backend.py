"""Features by our own code after the IBSI reference manual, tested against its reference values."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.ibsi.features import features
from crosscontrast.radiomics.ibsi.images import filtered, resampled, wavelets
from crosscontrast.radiomics.ibsi.intensity import PEAK_RADIUS
from crosscontrast.radiomics.ibsi.region import Bins, Region

#: Counts up when a value changes.
_EDITION = 1
#: Of the intensity-volume histogram, where intensities have no unit.
_VOLUME_BINS = 1000


class Ibsi:
    """The default back-end: by default the 186 features of Salmanpour et al. 2025, which :class:`Mirp` lists."""

    version = f"crosscontrast-ibsi {_EDITION}"

    def check(self, settings: ExtractionSettings) -> None:
        """Refuse what the settings' own schema lets pass: wavelets that do not exist, options of filters."""
        for name, options in settings.filters.items():
            known = {"LoG": {"sigma"}, "Wavelet": {"wavelet"}}.get(name, set())
            foreign = sorted(set(options) - known)
            if foreign:
                raise BadInputError(
                    f"The filter {name} takes no {', '.join(foreign)} here"
                    + (f", only {', '.join(known)}." if known else ".")
                )
            sigma = options.get("sigma", [1.0])
            if not isinstance(sigma, list | tuple) or not all(isinstance(s, int | float) and s > 0 for s in sigma):
                raise BadInputError("The filter LoG needs widths in mm above 0, as in {LoG: {sigma: [1, 3]}}.")
            if name == "Wavelet":
                wavelet = options.get("wavelet", "coif1")
                if wavelet not in wavelets().wavelist(kind="discrete"):
                    raise BadInputError(f"There is no discrete wavelet {wavelet!r}.")

    def extract(self, image: sitk.Image, region: sitk.Image, settings: ExtractionSettings) -> dict[str, float]:
        """Compute the features; see :class:`crosscontrast.radiomics.extraction.backend.Backend`."""
        found: dict[str, float] = {}
        for name, part in regions(image, region, settings):
            families = tuple(f for f in settings.chosen_classes if f != "shape" or name == "original")
            bins, volume_bins = bins_of(settings, original=name == "original")
            each = features(part, families, bins, volume_bins, settings.aggregation)
            found |= {f"{name}_{feature}": value for feature, value in each.items()}
        return found


def regions(image: sitk.Image, region: sitk.Image, settings: ExtractionSettings) -> Iterator[tuple[str, Region]]:
    """Yield the region in the image and in its filtered ones, by name; the image's intensities limit it in all.

    Raises :class:`BadInputError` where resampling or the limits leave nothing to measure.
    """
    if settings.spacing:
        image, region = resampled(image, region, settings.spacing, settings.interpolation)
    inside = sitk.GetArrayFromImage(region) > 0
    if np.count_nonzero(inside) < 2:
        voxels = " x ".join(f"{step:g}" for step in settings.spacing or ())
        raise BadInputError(f"The region has fewer than two voxels of {voxels} mm.")
    spacing = image.GetSpacing()[::-1]
    margin = PEAK_RADIUS if "local-intensity" in settings.chosen_classes else 0.0
    original = Region.of(sitk.GetArrayFromImage(image), inside, spacing, margin)
    original = original.resegmented(settings.resegment, settings.outliers)
    if settings.original:
        yield "original", original
    for name, each in filtered(image, settings.filters):
        part = replace(Region.of(sitk.GetArrayFromImage(each), inside, spacing, margin), inside=original.inside)
        if np.ptp(part.chosen) == 0:
            raise BadInputError(f"The filtered image {name} is constant in the region.")
        yield name, part


def bins_of(settings: ExtractionSettings, *, original: bool) -> tuple[Bins, Bins]:
    """Return the bins of textures and of the intensity-volume histogram, as :class:`Mirp` has them.

    Bins of fixed width begin at the lower limit of the intensities where there is one and the image is the original. A
    number of bins says that intensities have no unit, for which IBSI (3.5) advises a volume histogram of 1,000.
    """
    width = settings.bins.get("bin_width")
    if width is None:
        return Bins(count=int(settings.bins["bin_count"])), Bins(count=_VOLUME_BINS)
    start = settings.resegment[0] if settings.resegment and original else None
    bins = Bins(width=width, start=start)
    return bins, bins
