"""Our features against the reference values of IBSI 1, with every way to put slices and directions together."""

import importlib.util
import json
from pathlib import Path

import pytest

from crosscontrast.radiomics.extraction.backend import FeatureName, find_backend
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.ibsi.names import OTHER_NAMES

_REFERENCE = json.loads((Path(__file__).parent / "ibsi_1_reference.json").read_text())
_SCRIPT = Path(__file__).parents[2] / "benchmarks" / "ibsi_conformity.py"


@pytest.fixture(scope="module")
def conformity():
    spec = importlib.util.spec_from_file_location("ibsi_conformity", _SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("aggregation", ["3D", "2.5D", "2D"])
def test_the_digital_phantom_has_every_consensus_value(conformity, aggregation):
    found = conformity.phantom_values(aggregation)
    reference = _REFERENCE["phantom"]["any"] | _REFERENCE["phantom"][aggregation]
    assert len(reference) == 74 + 136
    assert not conformity.missed(found, reference)
    # The area under the volume histogram has no reference value: the 74 levels sum up to 159 and go from 1 to 6.
    assert set(found) - set(reference) == {"intensity-volume-histogram_auc"}
    assert found["intensity-volume-histogram_auc"] == pytest.approx((159 / 74 - 1) / 5)


@pytest.mark.slow
@pytest.mark.parametrize("name", "ABCDE")
def test_the_ct_phantom_has_every_consensus_value(conformity, real_data, name):
    """Where the CT phantom of IBSI 1 lies beside the other data: range, outliers, resampling and bins matter."""
    import SimpleITK as sitk

    paths = [real_data / "radiomics" / f"ibsi1_ct_{part}.nii.gz" for part in ("phantom", "mask")]
    if not all(path.exists() for path in paths):
        pytest.skip("the CT phantom of IBSI 1 is not there")
    image, mask = sitk.ReadImage(str(paths[0]), sitk.sitkFloat64), sitk.ReadImage(str(paths[1]))
    for how, found in conformity.configured_values(image, mask, name).items():
        assert not conformity.missed(found, _REFERENCE[name]["any"] | _REFERENCE[name][how])


def test_the_default_gives_the_186_features_of_the_ultrasound_study(conformity):
    image, mask = conformity.ibsi_phantom()
    found = find_backend("ibsi").extract(image, mask, ExtractionSettings(bin_width=1))
    families = [FeatureName.parse(name).family for name in found]
    assert {family: families.count(family) for family in families} == {
        "local-intensity": 2,
        "statistics": 18,
        "intensity-histogram": 23,
        "intensity-volume-histogram": 7,
        **{"glcm-averaged": 25, "glcm-merged": 25, "glrlm-averaged": 16, "glrlm-merged": 16},
        **{"glszm": 16, "gldzm": 16, "ngtdm": 5, "ngldm": 17},
    }
    assert len(found) == 186
    assert set(found) <= {f"original_{name}" for name in OTHER_NAMES}


def test_every_feature_has_a_code_and_names_match_one_to_one(conformity):
    assert set(OTHER_NAMES) == set(conformity.phantom_values("3D"))
    # All of PyRadiomics but three diameters in slices, the total energy and the maximal correlation coefficient.
    theirs = [other.pyradiomics for other in OTHER_NAMES.values() if other.pyradiomics]
    assert len(theirs) == len(set(theirs)) == 102
    codes = [other.ibsi for name, other in OTHER_NAMES.items() if "-merged" not in name]
    # The two fractions and the two intensities of the volume histogram share a code each.
    assert len(codes) - len(set(codes)) == 2
    assert all(len(code) == 4 for code in codes)
    table = (Path(__file__).parents[3] / "Documentation" / "reference" / "radiomic-features.md").read_text(
        encoding="utf-8"
    )
    for name, other in OTHER_NAMES.items():
        family, _, feature = name.partition("_")
        assert f"| {family.removesuffix('-averaged').removesuffix('-merged')} | {feature} | {other.ibsi} |" in table
