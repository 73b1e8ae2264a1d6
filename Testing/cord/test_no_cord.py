"""Images without a spinal cord are said to have none, and no cord is invented in them."""

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.cord.jobs import SegmentCord
from crosscontrast.ground.images import write_image
from crosscontrast.ground.provenance import Provenance
from crosscontrast.progress import silent

#: Brightness of fat, muscle, marrow, compact bone, cartilage with fluid, vessel.
KNEES = {
    "T1w": (0.95, 0.4, 0.8, 0.1, 0.35, 0.1),
    "T2w": (0.6, 0.2, 0.45, 0.05, 0.95, 0.05),
    "PD fat-saturated": (0.15, 0.5, 0.2, 0.05, 0.9, 0.9),
}


def knee(contrast: str) -> np.ndarray:
    """Thigh bone over shin bone with cartilage and fluid between, muscles, and vessels as long and thick as a cord."""
    fat, muscle, marrow, compact, cartilage, vessel = KNEES[contrast]
    z, y, x = np.meshgrid(np.arange(90) - 45.0, np.arange(110) - 55.0, np.arange(100) - 50.0, indexing="ij")
    skin = np.hypot(x / 46, y / 50)
    values = np.where(skin < 1, fat, 0.0)
    values[(np.hypot(x / 40, (y - 4) / 43) < 1) & (np.abs(z) > 12)] = muscle
    bone = np.hypot(x / (24 + 8 * np.exp(-((z / 18) ** 2))), (y + 12) / (18 + 5 * np.exp(-((z / 18) ** 2))))
    values[bone < 1] = marrow
    values[(bone < 1) & (bone > 0.93)] = compact
    values[(bone < 1.05) & (np.abs(z - 1.5 * np.cos(x / 9)) < 3.5)] = cartilage
    for across, radius in ((-3.0, 4.2), (8.0, 3.5)):
        course = np.hypot(x - across - 3 * np.sin(z / 30), y - 26)
        values[course < radius] = vessel
    return values


def write_noisy(values: np.ndarray, path, noise: float) -> None:
    generator = np.random.default_rng(9)
    real, imaginary = noise * generator.standard_normal((2, *values.shape))
    noisy = np.hypot(values + real, imaginary)
    write_image(sitk.GetImageFromArray((600 * noisy).astype(np.float32)), path)


def expect_no_cord(path, folder) -> None:
    result = SegmentCord(image=path, out=folder / "out", device="cpu").run(silent)
    assert result.mean_csa_mm2 is None
    assert result.volume_mm3 == 0
    assert any("no cord was found" in warning for warning in Provenance.read(result.sidecar).warnings)


@pytest.mark.parametrize("contrast", KNEES)
def test_a_knee_has_no_cord(contrast, tmp_path):
    write_noisy(knee(contrast), tmp_path / "knee.nii.gz", noise=0.03)
    expect_no_cord(tmp_path / "knee.nii.gz", tmp_path)


@pytest.mark.parametrize("smooth", [0.0, 2.5], ids=["white", "smooth"])
def test_noise_has_no_cord(smooth, tmp_path):
    values = np.random.default_rng(4).normal(0, 1, (64, 80, 80)).astype(np.float32)
    image = sitk.GetImageFromArray(values)
    image = sitk.SmoothingRecursiveGaussian(image, smooth) if smooth else image
    write_image(sitk.RescaleIntensity(image, 0, 1000), tmp_path / "noise.nii.gz")
    expect_no_cord(tmp_path / "noise.nii.gz", tmp_path)


def test_a_brain_stem_has_no_cord(real_data, tmp_path):
    """The part of a head that looks most like a cord: an eighth of the volume."""
    head = sitk.ReadImage(str(real_data / "radiomics" / "brain1_image.nrrd"))
    write_image(head[64:192, 64:192, 2:15], tmp_path / "stem.nii.gz")
    expect_no_cord(tmp_path / "stem.nii.gz", tmp_path)


@pytest.mark.slow
def test_a_brain_has_no_cord(real_data, tmp_path):
    expect_no_cord(real_data / "radiomics" / "brain1_image.nrrd", tmp_path)
