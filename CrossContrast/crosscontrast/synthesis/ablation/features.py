"""Radiomic features of a region by PyRadiomics, which knows nothing of the losses that networks were trained with."""

import logging

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import MissingPackageError

#: Families of PyRadiomics; no shape, which a translation cannot change.
FAMILIES = ("firstorder", "glcm", "glrlm", "glszm", "ngtdm", "gldm")
BINS = 32


def region_features(image: sitk.Image, mask: sitk.Image) -> dict[str, float]:
    """Return all features of ``image`` in ``mask`` with 32 grey levels.

    Raises :class:`MissingPackageError` where PyRadiomics is not installed.
    """
    try:
        from radiomics import featureextractor
    except ImportError as error:
        raise MissingPackageError(
            "Counting preserved features needs PyRadiomics.", "pip install pyradiomics"
        ) from error
    logging.getLogger("radiomics").setLevel(logging.ERROR)
    extractor = featureextractor.RadiomicsFeatureExtractor(binCount=BINS, correctMask=True)
    extractor.disableAllFeatures()
    for family in FAMILIES:
        extractor.enableFeatureClassByName(family)
    found = extractor.execute(sitk.Cast(image, sitk.sitkFloat64), sitk.Cast(mask > 0, sitk.sitkUInt8))
    return {name: float(value) for name, value in found.items() if not name.startswith("diagnostics")}


def concordance(one: np.ndarray, other: np.ndarray) -> float:
    """Return Lin's concordance correlation coefficient (Biometrics 45:255-268, 1989); NaN where neither varies."""
    spread = one.var() + other.var() + (one.mean() - other.mean()) ** 2
    return float(2 * np.mean((one - one.mean()) * (other - other.mean())) / spread) if spread else float("nan")
