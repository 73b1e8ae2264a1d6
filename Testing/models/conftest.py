"""Small models of every kind, made afresh for each test."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from crosscontrast.models import library as library_module
from crosscontrast.models.bundle import BundleMetadata, write_bundle
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import ModelSpec, NetworkSpec, Windowing


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests out of the library of whoever runs them."""
    monkeypatch.setenv("CROSSCONTRAST_HOME", str(tmp_path / "home"))


@pytest.fixture
def metadata() -> BundleMetadata:
    return BundleMetadata(
        name="tiny",
        version="1",
        task="test",
        description="A network that knows nothing",
        authors="nobody",
        copyright="nobody",
        licence="Apache-2.0",
        changelog={"1": "made"},
    )


@pytest.fixture
def spec() -> ModelSpec:
    return ModelSpec(
        task="segmentation",
        network=NetworkSpec(name="CompactUNet", arguments={"in_channels": 1, "out_channels": 2, "channels": [4, 8]}),
        outputs=("cord", "canal"),
        windowing=Windowing(size=(16, 16, 16), divisible_by=4),
    )


@pytest.fixture
def make_bundle(tmp_path: Path, spec: ModelSpec, metadata: BundleMetadata) -> Callable[..., Path]:
    """Write a bundle with random weights of the given seed and return its folder."""

    def make(name: str = "tiny", seed: int = 0) -> Path:
        torch.manual_seed(seed)
        state = build_network(spec.network.name, **spec.network.arguments).state_dict()
        write_bundle(tmp_path / "sources" / name, spec, state, metadata, "# A card\n")
        return tmp_path / "sources" / name

    return make


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that stands for the models that come with the software."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(library_module, "shipped_models_folder", lambda: folder)
    return folder


@pytest.fixture
def library(tmp_path: Path, shipped: Path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "library")


@pytest.fixture
def oblique_image() -> sitk.Image:
    """A left-handed, oblique, anisotropic image of noise with one bright block away from its middle."""
    values = np.random.default_rng(0).normal(100, 5, (18, 26, 34)).astype(np.float32)
    values[3:8, 15:22, 20:28] += 400
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.8, 1.1, 2.0))
    image.SetOrigin((-20.0, 35.0, 12.0))
    turn = sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.4).GetMatrix()
    image.SetDirection((np.array(turn).reshape(3, 3) @ np.diag((-1, 1, 1))).ravel())
    return image


@pytest.fixture
def block_centre(oblique_image: sitk.Image, centre_of: Callable[[sitk.Image], np.ndarray]) -> np.ndarray:
    """Where the bright block of ``oblique_image`` is, in mm."""
    return centre_of(oblique_image > 300)


@pytest.fixture
def centre_of() -> Callable[[sitk.Image], np.ndarray]:
    """Return the centre in mm of the voxels that are not 0."""

    def centre(mask: sitk.Image) -> np.ndarray:
        indices = np.argwhere(sitk.GetArrayViewFromImage(mask))[:, ::-1]
        assert len(indices)
        return np.array(mask.TransformContinuousIndexToPhysicalPoint(indices.mean(axis=0).tolist()))

    return centre
