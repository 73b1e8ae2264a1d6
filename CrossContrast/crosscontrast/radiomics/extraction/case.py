"""The features of one image that is in memory."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.radiomics.extraction.backend import FeatureName, find_backend
from crosscontrast.radiomics.extraction.region import aligned, normalised, perturbed, prepare, region_of
from crosscontrast.radiomics.extraction.settings import ExtractionSettings, Perturbation


@dataclass(frozen=True)
class Features:
    """The features by name, how many voxels they are of, and what was unusual about the image."""

    values: dict[str, float]
    voxels: int
    remarks: list[str]


def case_features(
    image: sitk.Image, mask: sitk.Image, settings: ExtractionSettings, perturbation: Perturbation | None = None
) -> Features:
    """Compute the features of the region that ``settings`` choose in ``mask``, with its contour moved first if wanted.

    Raises :class:`crosscontrast.errors.BadInputError` for what cannot be used, without naming files.
    """
    mask = aligned(mask, image, resample=settings.resample_masks, soft=settings.threshold is not None)
    region = region_of(mask, label=settings.label, threshold=settings.threshold)
    if perturbation:
        region = perturbed(region, mask.GetSpacing()[::-1], perturbation)
    measured = np.isfinite(sitk.GetArrayViewFromImage(image))
    image, chosen, remarks = prepare(image, mask, region)
    if settings.normalise == "zscore":
        image = normalised(image, measured)
    values = find_backend(settings.backend).extract(image, chosen, settings)
    if settings.features:
        names = {name: FeatureName.parse(name) for name in values}
        values = {name: value for name, value in values.items() if settings.keeps(names[name].family, names[name].name)}
    return Features(values, int(region.sum()), remarks)
