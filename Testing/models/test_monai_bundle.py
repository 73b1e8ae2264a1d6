"""A MONAI bundle of others runs as its configuration says, on positions that stay, and only when it is trusted."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from monai.networks.nets import BasicUNet

from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.inference.monai_bundle_predictor import MonaiBundlePredictor

CPU = torch.device("cpu")

METADATA = {
    "version": "0.1.0",
    "network_data_format": {
        "inputs": {"image": {"num_channels": 1, "channel_def": {"0": "image"}}},
        "outputs": {"pred": {"num_channels": 2, "channel_def": {"0": "background", "1": "cord"}}},
    },
}
CONFIGURATION = {
    "imports": ["$import torch"],
    "bundle_root": "/nowhere",
    "device": "$torch.device('cuda:0')",
    "network_def": {"_target_": "scripts.bright.BrightFinder", "channels": 2},
    "network": "$@network_def.to(@device)",
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "image"},
            {"_target_": "EnsureChannelFirstd", "keys": "image"},
            {"_target_": "Orientationd", "keys": "image", "axcodes": "SPL"},
            {"_target_": "Spacingd", "keys": "image", "pixdim": [1.5, 1.0, 1.2], "mode": "bilinear"},
            {"_target_": "CropForegroundd", "keys": "image", "source_key": "image", "margin": 2},
            {"_target_": "ScaleIntensityd", "keys": "image"},
        ],
    },
    "inferer": {"_target_": "SlidingWindowInferer", "roi_size": [32, 32, 32], "overlap": 0.25},
    "postprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "Activationsd", "keys": "pred", "softmax": True},
            {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
        ],
    },
}
SCRIPT = """
from torch import nn


class BrightFinder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layer = nn.Conv3d(1, channels, 1)

    def forward(self, x):
        return self.layer(x)
"""


@pytest.fixture
def bundle(tmp_path):
    """A bundle as they are published, with a network in its own scripts that scores the brightness of each voxel."""
    folder = tmp_path / "cord_bundle"
    for name in ("configs", "models", "scripts"):
        (folder / name).mkdir(parents=True)
    (folder / "configs/metadata.json").write_text(json.dumps(METADATA))
    (folder / "configs/inference.json").write_text(json.dumps(CONFIGURATION))
    (folder / "scripts/__init__.py").touch()
    (folder / "scripts/bright.py").write_text(SCRIPT)
    weights = torch.tensor([-10.0, 10.0]).view(2, 1, 1, 1, 1)
    torch.save({"layer.weight": weights, "layer.bias": torch.tensor([5.0, -5.0])}, folder / "models/model.pt")
    return folder


def test_without_trust_it_is_refused_with_what_to_pass(library, bundle):
    with pytest.raises(
        ModelError, match=r"cord_bundle was not added: the configuration of a MONAI bundle is a program.*--trust"
    ):
        library.add(bundle)
    assert library.names() == []


def test_a_network_of_monai_by_name_needs_trust_too(library, bundle):
    target = {"_target_": "monai.networks.nets.UNet", "spatial_dims": 3}
    (bundle / "configs/inference.json").write_text(json.dumps(CONFIGURATION | {"network_def": target}))
    with pytest.raises(ModelError, match="--trust"):
        library.add(bundle)


def test_with_trust_the_structure_is_found_where_it_is_in_space(
    library, bundle, oblique_image, block_centre, centre_of
):
    entry = library.add(bundle, trust=True)
    assert (entry.format, entry.outputs, entry.trusted) == ("monai-bundle", ("cord",), True)
    predictor = MonaiBundlePredictor(entry, CPU)
    cord = predictor.predict([oblique_image])["cord"]
    assert cord.GetPixelID() == sitk.sitkFloat32
    assert cord.IsSameImageGeometryAs(oblique_image)
    assert np.abs(centre_of(cord > 0.5) - block_centre).max() < 0.6
    library.verify(entry)


def test_it_is_soft_and_runs_a_network_of_monai(library, bundle, oblique_image):
    arguments = {"spatial_dims": 3, "in_channels": 1, "out_channels": 2, "features": [4, 4, 4, 4, 4, 4]}
    network = {"_target_": "BasicUNet", **arguments}
    (bundle / "configs/inference.json").write_text(json.dumps(CONFIGURATION | {"network_def": network}))
    torch.manual_seed(0)
    torch.save(BasicUNet(**arguments).state_dict(), bundle / "models/model.pt")
    cord = MonaiBundlePredictor(library.add(bundle, trust=True), CPU).predict([oblique_image])["cord"]
    values = sitk.GetArrayFromImage(cord)
    assert 0 <= values.min() < values.max() <= 1
    assert len(np.unique(values)) > 1000


def test_the_scripts_of_two_bundles_do_not_mix(library, bundle, oblique_image):
    first = MonaiBundlePredictor(library.add(bundle, trust=True), CPU)
    (bundle / "scripts/bright.py").write_text(SCRIPT.replace("self.layer(x)", "-self.layer(x)"))
    second = MonaiBundlePredictor(library.add(bundle, trust=True), CPU)
    one, other = (sitk.GetArrayFromImage(p.predict([oblique_image])["cord"]) for p in (first, second))
    np.testing.assert_allclose(one[one > 0] + other[one > 0], 1, atol=1e-3)


def test_trust_taken_back_in_the_manifest_is_respected(library, bundle):
    entry = library.add(bundle, trust=True)
    manifest = json.loads((entry.folder / "manifest.json").read_text()) | {"trusted": False}
    (entry.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="--trust"):
        MonaiBundlePredictor(entry, CPU)


def test_a_changed_script_is_refused_before_it_runs(library, bundle):
    entry = library.add(bundle, trust=True)
    (entry.folder / "scripts/bright.py").write_text("raise SystemExit\n")
    with pytest.raises(ModelError, match=r"scripts/bright.py of cord_bundle@1 does not match"):
        MonaiBundlePredictor(entry, CPU)


@pytest.mark.parametrize("part", ["network_def", "preprocessing", "inferer"])
def test_a_configuration_without_a_needed_part_is_named(library, bundle, part):
    rest = {name: value for name, value in CONFIGURATION.items() if name not in (part, "network")}
    (bundle / "configs/inference.json").write_text(json.dumps(rest))
    with pytest.raises(ModelError, match=f"has no {part}"):
        MonaiBundlePredictor(library.add(bundle, trust=True), CPU)


def test_a_network_that_cannot_be_built_is_named(library, bundle):
    (bundle / "scripts/bright.py").write_text("raise RuntimeError('needs a licence')\n")
    with pytest.raises(ModelError, match=r"network_def of cord_bundle@1 cannot be built"):
        MonaiBundlePredictor(library.add(bundle, trust=True), CPU)


@pytest.mark.parametrize("missing", ["configs/inference.json", "configs/metadata.json", "models/model.pt"])
def test_an_incomplete_bundle_says_what_is_missing(library, bundle, missing):
    (bundle / missing).unlink()
    with pytest.raises(ModelError, match=missing):
        library.add(bundle, trust=True)


def test_several_images_are_refused(library, bundle, oblique_image):
    with pytest.raises(BadInputError, match="reads one image, got 2"):
        MonaiBundlePredictor(library.add(bundle, trust=True), CPU).predict([oblique_image, oblique_image])
