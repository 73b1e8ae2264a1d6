"""A feature as an image: its value around every voxel."""

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import resample_onto
from crosscontrast.radiomics.extraction.backend import FeatureName
from crosscontrast.radiomics.extraction.region import aligned, normalised, prepare, region_of
from crosscontrast.radiomics.extraction.settings import CLASSES, ExtractionSettings


def feature_map(
    image: sitk.Image, mask: sitk.Image, feature: str, settings: ExtractionSettings, radius: int
) -> sitk.Image:
    """Return the map of a feature of the original image in the mask, on the image's grid (float32, 0 outside).

    Each voxel's value is that of the feature in the cube of ``radius`` voxels around it, within the mask. Raises
    :class:`BadInputError` for a feature that has no map and a mask that cannot be used.
    """
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    try:
        name = FeatureName.parse(feature)
    except ValueError as error:
        raise BadInputError(f"There is no feature {feature!r}.") from error
    if name.image != "original" or name.family not in CLASSES["pyradiomics"] or name.family == "shape":
        raise BadInputError(f"{feature} has no map: only PyRadiomics' grey-value features of the original image do.")
    mask = aligned(mask, image, resample=settings.resample_masks, soft=settings.threshold is not None)
    image, chosen, _ = prepare(image, mask, region_of(mask, label=settings.label, threshold=settings.threshold))
    if settings.normalise == "zscore":
        image = normalised(image)
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
