"""What all suites share: images that show every geometric slip, and the folder of real data where there is one."""

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[1]


def oblique_direction(left_handed: bool) -> tuple[float, ...]:
    """A rotation about all three axes, mirrored in its first axis if ``left_handed`` (determinant -1)."""
    a, b, c = np.deg2rad([12, -20, 33])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    direction = z @ y @ x
    if left_handed:
        direction[:, 0] *= -1
    return tuple(direction.ravel())


@pytest.fixture(params=[True, False], ids=["left-handed", "right-handed"])
def awkward_image(request) -> sitk.Image:
    """Asymmetric, oblique, anisotropic: a bright corner block that no flip, swap or shift leaves in place."""
    values = np.random.default_rng(7).normal(100, 10, (11, 20, 29)).astype(np.float32)
    values[1:4, 2:8, 3:13] += 400
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.7, 1.3, 4.0))
    image.SetOrigin((-31.0, 12.5, 77.25))
    image.SetDirection(oblique_direction(request.param))
    return image


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images, from ``CROSSCONTRAST_DATA`` or beside the checkout; the test is skipped without."""
    folder = Path(os.environ.get("CROSSCONTRAST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "cord").is_dir():
        pytest.skip("no real data here (set CROSSCONTRAST_DATA)")
    return folder


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With ``CROSSCONTRAST_NO_SKIPS`` a test that is skipped for want of a package fails, so that CI hides nothing."""
    report = (yield).get_result()
    if report.skipped and os.environ.get("CROSSCONTRAST_NO_SKIPS") and "no real data" not in str(report.longrepr):
        report.outcome, report.longrepr = "failed", f"skipped where nothing may be: {report.longrepr[-1]}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    """The same for files that skip themselves while they are collected."""
    report = (yield).get_result()
    if report.skipped and os.environ.get("CROSSCONTRAST_NO_SKIPS"):
        report.outcome = "failed"


@pytest.fixture
def model_home(tmp_path, monkeypatch) -> Path:
    """A model library of its own, so that no test sees or changes the user's."""
    monkeypatch.setenv("CROSSCONTRAST_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def centre_of_mass(image: sitk.Image) -> np.ndarray:
    """Centre of the values in physical mm (LPS), which tells a moved or mirrored image where Dice does not."""
    values = sitk.GetArrayFromImage(image).astype(float)
    indices = np.indices(values.shape).reshape(3, -1) @ values.ravel() / values.sum()
    return np.array(image.TransformContinuousIndexToPhysicalPoint(indices[::-1].tolist()))
