"""What all suites share: images that show every geometric slip, and the folder of real data where there is one."""

import locale
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from support import ROOT, oblique_direction

# Compiling a network takes 2 s, which a test of something else would pay for one call of it; test_compiled.py asks.
os.environ.setdefault("CROSSCONTRAST_ENGINE", "torch")


@pytest.fixture(autouse=True)
def _locale_kept():
    """GDCM leaves the process in the C locale after writing DICOM, in which later tests could not read UTF-8."""
    before = locale.setlocale(locale.LC_ALL)
    yield
    locale.setlocale(locale.LC_ALL, before)


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
