"""Features by PyRadiomics (van Griethuysen et al., Cancer Res 77:e104, 2017)."""

import logging
from typing import Any

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

from crosscontrast.errors import BadInputError
from crosscontrast.radiomics.extraction.settings import ExtractionSettings

#: Where PyRadiomics departs from the IBSI reference manual, for reports.
DEVIATIONS = (
    "first-order kurtosis is not the excess: 3 larger",
    "axis lengths (shape) divide by the number of voxels instead of one less: smaller by the root of (N-1)/N",
    "bins of fixed width start at 0 instead of the region's minimum",
    "resampled grids are aligned at their corner instead of their centre",
    "grey values are not rounded after resampling",
)


class PyRadiomics:
    """PyRadiomics' own numbers: 107 features of the original image, and all but shape of every filter's."""

    version = f"pyradiomics {radiomics.__version__.lstrip('v')}"

    def __init__(self) -> None:
        # It writes a warning per case on stderr for what our own checks and settings have dealt with.
        radiomics.logger.setLevel(logging.CRITICAL)

    def check(self, settings: ExtractionSettings) -> None:
        """Let PyRadiomics' own schema judge filters and options, which it otherwise ignores where it knows none."""
        from pykwalify.errors import SchemaError

        content = {"setting": settings.options, "imageType": {name: dict(o) for name, o in settings.filters.items()}}
        logging.getLogger("pykwalify").setLevel(logging.CRITICAL + 1)
        try:
            RadiomicsFeatureExtractor({key: value for key, value in content.items() if value})
        except SchemaError as error:
            faults = [line.strip(" -").partition(" Path: '/'")[0] for line in str(error.msg).splitlines()[1:]]
            raise BadInputError(f"PyRadiomics does not take these settings: {' '.join(faults) or error.msg}") from error

    def extract(self, image: sitk.Image, region: sitk.Image, settings: ExtractionSettings) -> dict[str, float]:
        """Compute the features; see :class:`crosscontrast.radiomics.extraction.backend.Backend`."""
        extractor = _extractor(settings)
        if not (settings.filters or settings.spacing or settings.options):
            image, region = _cropped(image, region)
        try:
            found = extractor.execute(image, region)
        except (ValueError, RuntimeError) as error:
            grid = f" on voxels of {' x '.join(f'{s:g}' for s in settings.spacing)} mm" if settings.spacing else ""
            reason = " ".join(str(error).split())
            raise BadInputError(f"PyRadiomics refuses the region{grid}: {reason}.") from error
        return {name: float(value) for name, value in found.items() if not name.startswith("diagnostics_")}


def _cropped(image: sitk.Image, region: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
    """Cut out the region's box, with a rim of zeros.

    PyRadiomics does so itself, after several passes over the whole image. Only where nothing depends on what lies
    around the region: neither filters nor resampling.
    """
    inside = sitk.GetArrayViewFromImage(region)
    places = [np.flatnonzero(inside.any(tuple({0, 1, 2} - {axis}))) for axis in (2, 1, 0)]
    first = [int(place[0]) for place in places]
    size = [int(place[-1] - place[0]) + 1 for place in places]
    # It refuses a mask without any voxel outside.
    rim = [1, 1, 1]
    return (
        sitk.ConstantPad(sitk.RegionOfInterest(image, size, first), rim, rim, 0.0),
        sitk.ConstantPad(sitk.RegionOfInterest(region, size, first), rim, rim, 0.0),
    )


def _extractor(settings: ExtractionSettings) -> Any:
    bins = settings.bins
    options: dict[str, Any] = (
        {"binWidth": bins["bin_width"]} if "bin_width" in bins else {"binCount": bins["bin_count"]}
    )
    # Hashes and statistics of the whole image that we do not keep.
    options["additionalInfo"] = False
    if settings.spacing:
        options |= {"resampledPixelSpacing": list(settings.spacing)}
    if settings.resegment:
        options |= {"resegmentRange": list(settings.resegment)}
    if settings.outliers is not None:
        options |= {"resegmentRange": [-settings.outliers, settings.outliers], "resegmentMode": "sigma"}
    if settings.aggregation == "2.5D":
        options |= {"force2D": True}
    extractor = RadiomicsFeatureExtractor(**options | settings.options)
    extractor.disableAllFeatures()
    for name in settings.chosen_classes:
        extractor.enableFeatureClassByName(name)
    extractor.disableAllImageTypes()
    if settings.original:
        extractor.enableImageTypeByName("Original")
    for name, arguments in settings.filters.items():
        extractor.enableImageTypeByName(name, customArgs=arguments)
    return extractor
