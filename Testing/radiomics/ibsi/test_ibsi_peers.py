"""Our features beside PyRadiomics' and MIRP's; every difference has its reason here."""

import numpy as np
import pytest
import SimpleITK as sitk
from rough_texture import rough

from crosscontrast.ground.images import read_image
from crosscontrast.radiomics.extraction.backend import find_backend
from crosscontrast.radiomics.extraction.region import prepare, region_of
from crosscontrast.radiomics.extraction.settings import CLASSES, ExtractionSettings
from crosscontrast.radiomics.ibsi.names import OTHER_NAMES

_FILES = {
    "brain1": ("brain1_image.nrrd", "brain1_label.nrrd"),
    "breast1": ("breast1_image.nrrd", "breast1_label.nrrd"),
    "prostate": ("prostate_phantom_subvolume.nrrd", "prostate_phantom_subvolume-label.nrrd"),
}
#: Of PyRadiomics' mesh, whose cubes are cut otherwise where two corners meet; on sparse regions its volume is negative.
_MESH = ("volume", "area_mesh", "av", "sphericity", "diam")
#: With bins of fixed width MIRP's volume histogram has a further, empty bin above the region's largest intensity.
_VOLUMES = tuple(f"histogram_{name}" for name in ("v10", "v90", "diff_v10_v90"))
_AXES = ("pca_maj_axis", "pca_min_axis", "pca_least_axis")


def case_of(real_data, name: str) -> tuple[sitk.Image, sitk.Image]:
    image, mask = (read_image(real_data / "radiomics" / file) for file in _FILES[name])
    return prepare(image, mask, region_of(mask, label=1, threshold=None))[:2]


def both(image: sitk.Image, region: sitk.Image, peer: str, **choices: object) -> tuple[dict, dict]:
    ours = find_backend("ibsi").extract(image, region, ExtractionSettings(classes=CLASSES["ibsi"], **choices))
    theirs = find_backend(peer).extract(image, region, ExtractionSettings(backend=peer, **choices))
    return ours, theirs


@pytest.mark.parametrize("name", _FILES)
def test_what_pyradiomics_has_is_the_same_but_for_the_differences_named(real_data, name):
    pytest.importorskip("radiomics")
    image, region = case_of(real_data, name)
    voxels = int(sitk.GetArrayFromImage(region).sum())
    ours, theirs = both(image, region, "pyradiomics", bin_count=32)
    for known, other in OTHER_NAMES.items():
        if other.pyradiomics is None:
            continue
        family, _, feature = known.partition("_")
        value, expected = ours[f"original_{known}"], theirs[f"original_{other.pyradiomics}"]
        if feature == "kurt":
            expected -= 3
        elif feature in _AXES:
            expected *= np.sqrt(voxels / (voxels - 1))
        elif family == "shape" and feature in _MESH:
            if name != "prostate":
                assert value == pytest.approx(expected, rel=5e-3), known
            continue
        elif name == "prostate" and family in ("glrlm-averaged", "ngtdm"):
            # A region of lines with gaps: PyRadiomics leaves out directions without a run of two voxels, and counts
            # voxels without a neighbour among those that its means are over.
            continue
        assert value == pytest.approx(expected, rel=1e-7, abs=1e-12), known


def test_what_mirp_has_is_the_same(real_data):
    pytest.importorskip("mirp")
    ours, theirs = both(*case_of(real_data, "breast1"), "mirp", bin_count=32)
    assert len(theirs) == 186
    for name, expected in theirs.items():  # MIRP computes in float32
        assert ours[name] == pytest.approx(expected, rel=1e-4, abs=1e-5), name


@pytest.mark.parametrize(
    "choices",
    [
        {"aggregation": "2D", "resegment": (None, 115), "outliers": 2.0},
        {"aggregation": "2.5D", "bin_width": 4, "resegment": (90, None)},
    ],
    ids=str,
)
def test_slices_limits_and_outliers_are_what_mirp_understands_by_them(choices):
    pytest.importorskip("mirp")
    image, region = rough()
    ours, theirs = both(image, region, "mirp", **choices)
    assert len(theirs) == 186
    for name, expected in theirs.items():
        if "bin_width" not in choices or not name.endswith(_VOLUMES):
            assert ours[name] == pytest.approx(expected, rel=1e-4, abs=1e-5), name


def test_filtered_images_are_pyradiomics(awkward_image):
    """By name and by value: statistics of eight wavelets, two Laplacians and the others."""
    pytest.importorskip("radiomics")
    image = sitk.Cast(awkward_image, sitk.sitkFloat64)
    region = sitk.Cast(awkward_image > 120, sitk.sitkUInt8)
    names = ("Square", "SquareRoot", "Logarithm", "Exponential", "Gradient")
    filters = {"LoG": {"sigma": [1.5, 3]}, "Wavelet": {}} | {name: {} for name in names}
    ours = find_backend("ibsi").extract(
        image, region, ExtractionSettings(original=False, classes=("statistics",), filters=filters)
    )
    settings = ExtractionSettings(backend="pyradiomics", original=False, classes=("firstorder",), filters=filters)
    theirs = find_backend("pyradiomics").extract(image, region, settings)
    images = {name.partition("_")[0] for name in ours}
    assert len(images) == 2 + 8 + 5
    assert {name.partition("_")[0].replace("sigma-3-mm", "sigma-3-0-mm") for name in theirs} == images
    for name, value in theirs.items():
        for ours_is, theirs_is in (("mean", "Mean"), ("var", "Variance"), ("p10", "10Percentile"), ("max", "Maximum")):
            if name.endswith(f"firstorder_{theirs_is}"):
                known = name.replace("sigma-3-mm", "sigma-3-0-mm").replace(f"firstorder_{theirs_is}", "")
                assert ours[f"{known}statistics_{ours_is}"] == pytest.approx(value, rel=1e-6), name
