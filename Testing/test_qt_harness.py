"""The Qt harness against what Slicer has: a stand-in that knows more than the real class proves nothing."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from qt_harness.application import MODULES, _LayoutManager, _SliceWidget, start
from qt_harness.fixtures import _opened, _scene  # noqa: F401 - fixtures

slicer = start()
widgets = sys.modules["qt_harness.widgets"]

INTERFACES = json.loads((Path(widgets.__file__).parent / "interfaces.json").read_text(encoding="utf-8"))
#: Qt calls this one itself; no panel does.
OVERRIDDEN = {"paintEvent"}
#: The view inside a slice widget, which the stand-in is as well.
OF_THE_VIEW = {"interactor"}


def reachable(name: str) -> set[str]:
    """What PythonQt reaches of a class beyond what every widget has."""
    names: set[str] = set()
    while name in INTERFACES:
        names |= set(INTERFACES[name]["names"])
        name = INTERFACES[name]["base"]
    return names


def own_names(cls: type) -> set[str]:
    return {name for name in vars(cls) if not name.startswith("_")} - {"staticMetaObject"} - OVERRIDDEN


@pytest.mark.parametrize("cls", [*widgets.CTK, *widgets.MRML], ids=lambda cls: cls.__name__)
def test_a_stand_in_has_nothing_that_python_cannot_reach_in_slicer(cls):
    inherited = {"text"} if cls.__name__ == "ctkCollapsibleButton" else set()  # from QAbstractButton
    assert own_names(cls) - reachable(cls.__name__) - inherited == set()


def test_the_layout_manager_and_its_views_have_nothing_that_python_cannot_reach_in_slicer():
    assert own_names(_LayoutManager) - reachable("qMRMLLayoutManager") == set()
    assert own_names(_SliceWidget) - reachable("qMRMLSliceWidget") - OF_THE_VIEW == set()


def test_an_invented_flag_of_a_real_class_is_refused():
    """``Exists`` was one: the harness had it, Slicer's ctk has not, and a panel could not be built there."""
    with pytest.raises(AttributeError):
        _ = sys.modules["ctk"].ctkPathLineEdit.Exists


@pytest.mark.parametrize("name", MODULES)
def test_the_self_tests_pass_one_by_one_as_slicers_build_runs_them(opened, scene, name):
    """``slicer_add_python_unittest`` loads the module as tests and never calls ``runTest``."""
    opened(name)
    suite = unittest.TestLoader().loadTestsFromName(f"{name}.{name}Test")
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    assert result.testsRun > 0
    assert result.wasSuccessful()
    assert result.skipped == []


def test_without_slicer_packaging_packages_are_checked_and_asked_for_by_our_own_means(tmp_path):
    """Slicer before 5.12 has ``slicer.util.pip_install`` only."""
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from qt_harness.application import start
slicer = start()
sys.modules["slicer.packaging"] = None
slicer.app.testingEnabled = lambda: False
from crosscontrast.errors import MissingPackageError
from crosscontrast.panels import requirements
file = Path({str(tmp_path / "needed.txt")!r})
file.write_text("# ours\\nnumpy>=1\\nno-such-package>=3\\nno-such-other ; python_version < '3'\\n")
assert not requirements.are_installed(file)
asked, installed = [], []
slicer.util.confirmOkCancelDisplay = lambda text, **_: asked.append(text)
slicer.util.pip_install = installed.append
try:
    requirements.install(file, "Cord", torch=False)
except MissingPackageError as error:
    assert "Cord needs Python packages that were not installed" in error.message, error
else:
    raise AssertionError("nobody was told")
assert "no-such-package>=3" in asked[0] and "numpy" not in asked[0] and "other" not in asked[0]
slicer.util.confirmOkCancelDisplay = lambda text, **_: True
try:
    requirements.install(file, "Cord", torch=False)
except MissingPackageError as error:
    assert "still missing" in error.message, error
assert installed == [["no-such-package>=3"]]
file.write_text("numpy>=1\\n")
requirements.install(file, "Cord", torch=False)
assert requirements.are_installed(file)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
