"""A feature as an image: its value around every voxel."""

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import resample_onto
from crosscontrast.ground.images import image_like
from crosscontrast.radiomics.extraction.backend import FeatureName
from crosscontrast.radiomics.extraction.region import aligned, normalised, prepare, region_of
from crosscontrast.radiomics.extraction.settings import CLASSES, ExtractionSettings
from crosscontrast.radiomics.ibsi.features import TEXTURES


def feature_map(
    image: sitk.Image, mask: sitk.Image, feature: str, settings: ExtractionSettings, radius: int
) -> sitk.Image:
    """Return the map of a feature of the original image in the mask, on the image's grid (float32, 0 outside).

    Each voxel's value is that of the feature in the cube of ``radius`` voxels around it, within the mask; grey levels
    are those of the whole mask. PyRadiomics makes the maps of its own features, our code all others. Raises
    :class:`BadInputError` for a feature that has no map and a mask that cannot be used.
    """
    try:
        name = FeatureName.parse(feature)
    except ValueError as error:
        raise BadInputError(f"There is no feature {feature!r}.") from error
    theirs = settings.backend == "pyradiomics"
    known = set(CLASSES["pyradiomics"]) - {"shape"} if theirs else {"statistics", "intensity-histogram", *TEXTURES}
    if name.image != "original" or name.family.partition("-averaged")[0].partition("-merged")[0] not in known:
        raise BadInputError(f"{feature} has no map: only grey-value features of the original image within a cube do.")
    mask = aligned(mask, image, resample=settings.resample_masks, soft=settings.threshold is not None)
    measured = np.isfinite(sitk.GetArrayViewFromImage(image))
    image, chosen, _ = prepare(image, mask, region_of(mask, label=settings.label, threshold=settings.threshold))
    if settings.normalise == "zscore":
        image = normalised(image, measured)
    if theirs:
        return _by_pyradiomics(image, chosen, feature, name, settings, radius)
    from crosscontrast.radiomics.extraction.ibsi_backend import bins_of
    from crosscontrast.radiomics.ibsi.maps import values_around
    from crosscontrast.radiomics.ibsi.region import Region

    inside = sitk.GetArrayFromImage(chosen) > 0
    whole = Region(sitk.GetArrayFromImage(image), inside, inside, image.GetSpacing()[::-1])
    region = whole.tight().resegmented(settings.resegment, settings.outliers)
    found = values_around(region, name.family, name.name, bins_of(settings, original=True)[0], radius)
    if found is None:
        raise BadInputError(f"There is no feature {feature!r}.")
    values = np.zeros(inside.shape, np.float32)
    kept = whole.resegmented(settings.resegment, settings.outliers).inside
    values[kept] = np.where(np.isfinite(found), found, 0)
    return image_like(values, image)


def _by_pyradiomics(
    image: sitk.Image, chosen: sitk.Image, feature: str, name: FeatureName, settings: ExtractionSettings, radius: int
) -> sitk.Image:
    from crosscontrast.radiomics.extraction.backend import find_backend

    find_backend("pyradiomics")  # says what to install
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    bins = settings.bins
    options = {"binWidth": bins["bin_width"]} if "bin_width" in bins else {"binCount": bins["bin_count"]}
    extractor = RadiomicsFeatureExtractor(**options, kernelRadius=radius, maskedKernel=True, voxelBatch=1000)
    extractor.disableAllFeatures()
    extractor.enableFeaturesByName(**{name.family: [name.name]})
    try:
        found = extractor.execute(image, chosen, voxelBased=True).get(feature)
    except (ValueError, RuntimeError) as error:
        raise BadInputError(f"PyRadiomics refuses the region: {' '.join(str(error).split())}.") from error
    if found is None:
        raise BadInputError(f"There is no feature {feature!r}.")
    values = sitk.GetArrayFromImage(found)
    values[~np.isfinite(values)] = 0
    cut = sitk.GetImageFromArray(values.astype(np.float32))
    cut.CopyInformation(found)
    return resample_onto(cut, image, linear=False)
