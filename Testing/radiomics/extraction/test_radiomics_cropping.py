"""The region's surroundings are cut away before PyRadiomics sees them, and no feature notices."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("radiomics")

from crosscontrast.radiomics.extraction.pyradiomics_backend import PyRadiomics, _cropped, _extractor
from crosscontrast.radiomics.extraction.settings import ExtractionSettings


def region_like(image: sitk.Image, place: str) -> sitk.Image:
    """Regions in the middle, at the image's corner, of two parts, and in a single slice."""
    values = np.zeros(sitk.GetArrayFromImage(image).shape, np.uint8)
    where = {
        "middle": [np.s_[3:8, 5:14, 9:20]],
        "corner": [np.s_[:4, :6, :9]],
        "two parts": [np.s_[1:4, 2:6, 3:8], np.s_[6:10, 10:18, 15:27]],
        "slice": [np.s_[5:6, 4:15, 6:22]],
    }
    for part in where[place]:
        values[part] = 1
    region = sitk.GetImageFromArray(values)
    region.CopyInformation(image)
    return region


@pytest.mark.parametrize("place", ["middle", "corner", "two parts", "slice"])
def test_every_feature_is_that_of_the_whole_image(awkward_image, place):
    image, region = sitk.Cast(awkward_image, sitk.sitkFloat64), region_like(awkward_image, place)
    settings = ExtractionSettings(backend="pyradiomics")
    whole = _extractor(settings).execute(image, region)
    found = PyRadiomics().extract(image, region, settings)
    assert len(found) == 107
    for name, value in found.items():
        assert value == pytest.approx(float(whole[name]), rel=1e-12, abs=1e-12, nan_ok=True), name


def test_the_cut_lies_where_it_lay(awkward_image):
    region = region_like(awkward_image, "middle")
    image, cut = _cropped(awkward_image, region)
    first = cut.TransformIndexToPhysicalPoint((1, 1, 1))
    assert first == pytest.approx(region.TransformIndexToPhysicalPoint((9, 5, 3)))
    values = sitk.GetArrayFromImage(image)
    assert values[1:-1, 1:-1, 1:-1] == pytest.approx(sitk.GetArrayFromImage(awkward_image)[3:8, 5:14, 9:20])
    assert values.shape == (7, 11, 13)


def test_a_region_may_be_the_whole_image(awkward_image):
    everything = sitk.Cast(awkward_image > -1e9, sitk.sitkUInt8)
    found = PyRadiomics().extract(
        sitk.Cast(awkward_image, sitk.sitkFloat64), everything, ExtractionSettings(backend="pyradiomics")
    )
    assert found["original_firstorder_Mean"] == pytest.approx(sitk.GetArrayFromImage(awkward_image).mean(), rel=1e-5)


def test_where_surroundings_count_they_stay(awkward_image):
    """A filter at the region's edge sees what lies beside it."""
    image, region = sitk.Cast(awkward_image, sitk.sitkFloat64), region_like(awkward_image, "middle")
    settings = ExtractionSettings(
        backend="pyradiomics", original=False, filters={"LoG": {"sigma": [2.0]}}, classes=("firstorder",)
    )
    found = PyRadiomics().extract(image, region, settings)
    cut = _extractor(settings).execute(*_cropped(image, region))
    name = next(name for name in found if name.endswith("firstorder_Mean"))
    assert found[name] != pytest.approx(float(cut[name]), rel=1e-3)
