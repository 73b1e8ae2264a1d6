"""Feature values against the IBSI consensus and PyRadiomics' own baselines."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from radiomic_phantoms import ibsi_phantom

from crosscontrast.progress import silent
from crosscontrast.radiomics.extraction.backend import FeatureName, backend_version, find_backend
from crosscontrast.radiomics.extraction.jobs import ExtractCase
from crosscontrast.radiomics.extraction.settings import ExtractionSettings

_HERE = Path(__file__).parent
_IBSI = json.loads((_HERE / "ibsi_digital_phantom.json").read_text())
_BASELINE = json.loads((_HERE / "pyradiomics_baseline.json").read_text())

#: Where a back-end differs from the consensus on the phantom: the expected value, and why.
DEVIATIONS = {
    "pyradiomics": {
        "original_firstorder_Kurtosis": (-0.355 + 3, "kurtosis itself, not its excess over the normal distribution's"),
        # 74 voxels: the covariance is divided by N instead of N - 1.
        "original_shape_MinorAxisLength": (9.31 * np.sqrt(73 / 74), "covariance divided by N"),
        "original_shape_LeastAxisLength": (8.54 * np.sqrt(73 / 74), "covariance divided by N"),
    },
    "mirp": {
        "original_intensity-volume-histogram_i10": (5.5, "middle of the bin instead of the grey level"),
        "original_intensity-volume-histogram_i90": (2.5, "middle of the bin instead of the grey level"),
    },
}


def phantom_features(backend: str) -> dict[str, float]:
    pytest.importorskip({"mirp": "mirp", "pyradiomics": "radiomics"}[backend])
    image, mask = ibsi_phantom()
    return find_backend(backend).extract(image, mask, ExtractionSettings(backend=backend, bin_width=1))


@pytest.mark.parametrize("backend", ["pyradiomics", "mirp"])
def test_the_digital_phantom_has_the_consensus_values_of_ibsi_but_for_the_deviations_named(backend):
    found = phantom_features(backend)
    wrong = {}
    for name, (value, tolerance) in _IBSI[backend].items():
        expected = DEVIATIONS[backend].get(name, (value,))[0]
        # Consensus values have three digits; half of the last one is their rounding.
        digits = 0.5 * 10 ** (np.floor(np.log10(abs(expected))) - 2) if expected else 1e-6
        if not abs(found[name] - expected) <= max(tolerance, 1.01 * digits):
            wrong[name] = (found[name], expected)
    assert not wrong
    assert len(_IBSI[backend]) == {"pyradiomics": 102, "mirp": 185}[backend]
    for name, (expected, reason) in DEVIATIONS[backend].items():
        value, tolerance = _IBSI[backend][name]
        assert abs(found[name] - value) > tolerance, f"{name} deviates no longer ({reason}); expected {expected}"


def test_the_features_without_a_consensus_value_are_known():
    assert set(phantom_features("pyradiomics")) - set(_IBSI["pyradiomics"]) == {
        "original_shape_Maximum2DDiameterColumn",
        "original_shape_Maximum2DDiameterRow",
        "original_shape_Maximum2DDiameterSlice",
        "original_firstorder_TotalEnergy",
        "original_glcm_MCC",
    }


def test_mirp_gives_the_186_features_of_the_ultrasound_study():
    found = phantom_features("mirp")
    families = [FeatureName.parse(name).family for name in found]
    assert {family: families.count(family) for family in families} == {
        "local-intensity": 2,
        "statistics": 18,
        "intensity-histogram": 23,
        "intensity-volume-histogram": 7,
        **{"glcm-averaged": 25, "glcm-merged": 25, "glrlm-averaged": 16, "glrlm-merged": 16},
        **{"glszm": 16, "gldzm": 16, "ngtdm": 5, "ngldm": 17},
    }
    assert sum(map(bool, families)) == 186
    # The 74 levels sum up to 159 and go from 1 to 6.
    assert found["original_intensity-volume-histogram_auc"] == pytest.approx((159 / 74 - 1) / 5)


@pytest.mark.parametrize("case", ["brain1", "breast1"])
def test_pyradiomics_published_baselines_come_out_of_our_extraction(real_data, case):
    pytest.importorskip("radiomics")
    job = ExtractCase(
        image=real_data / "radiomics" / f"{case}_image.nrrd",
        mask=real_data / "radiomics" / f"{case}_label.nrrd",
        settings=ExtractionSettings(backend="pyradiomics", bin_width=25, label=1, options={"voxelArrayShift": 2000}),
    )
    found = job.run(silent).features
    assert found.keys() == _BASELINE[case].keys()
    # brain1's diameters were published with a mesh of fewer digits.
    assert found == pytest.approx(_BASELINE[case], rel=1e-3)


def test_filters_classes_and_spacing_of_the_settings_reach_pyradiomics():
    pytest.importorskip("radiomics")
    image, mask = (sitk.Expand(part, [4, 4, 4], sitk.sitkNearestNeighbor) for part in ibsi_phantom())
    settings = ExtractionSettings(
        backend="pyradiomics", classes=("firstorder",), filters={"Wavelet": {}, "LoG": {"sigma": [2.0]}}, bin_count=8
    )
    found = find_backend("pyradiomics").extract(image, mask, settings)
    images = {FeatureName.parse(name).image for name in found}
    assert len(found) == 18 * (1 + 8 + 1)
    assert {"original", "wavelet-LLH", "log-sigma-2-0-mm-3D"} <= images
    coarse = ExtractionSettings(
        backend="pyradiomics", classes=("firstorder", "shape"), spacing=(2.0, 2.0, 2.0), bin_count=8
    )
    resampled = find_backend("pyradiomics").extract(image, mask, coarse)
    assert resampled["original_shape_VoxelVolume"] == pytest.approx(74 * 8, rel=0.05)
    assert resampled["original_firstorder_Energy"] < found["original_firstorder_Energy"] / 30


def test_a_back_end_tells_its_version_without_being_loaded():
    pytest.importorskip("radiomics")
    assert backend_version("pyradiomics") == find_backend("pyradiomics").version
