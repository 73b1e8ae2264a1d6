"""The Qt harness against what Slicer has: a stand-in that knows more than the real class proves nothing."""

import ast
import inspect
import json
import subprocess
import sys
import unittest
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from qt_harness.application import MODULES, ROOT, _LayoutManager, _SliceWidget, start
from qt_harness.fixtures import _opened, _scene  # noqa: F401 - fixtures

slicer = start()
widgets = sys.modules["qt_harness.widgets"]

INTERFACES = json.loads((Path(widgets.__file__).parent / "interfaces.json").read_text(encoding="utf-8"))
#: Qt calls this one itself; no panel does.
OVERRIDDEN = {"paintEvent"}
#: The view inside a slice widget, which the stand-in is as well.
OF_THE_VIEW = {"interactor", "displayableManagerByClassName"}


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


def signature_of(text: str) -> inspect.Signature:
    """Return the signature that a text like ``"(text, parent=None)"`` stands for."""
    made: dict[str, object] = {}
    exec(f"def function{text}: pass", made)
    return inspect.signature(made["function"])


def util_calls() -> list[tuple[str, str, ast.Call]]:
    """Return place, function and call of every ``slicer.util.FUNCTION(...)`` in our modules."""
    found = []
    for path in sorted(path for module in MODULES for path in (ROOT / module).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func).removeprefix("slicer.util.") if isinstance(node, ast.Call) else "."
            if name.isidentifier() and ast.unparse(node.func) != name:
                found.append((f"{path.relative_to(ROOT)}:{node.lineno}", name, node))
    return found


def test_every_call_into_slicer_util_is_one_that_slicer_takes():
    """``mainWindow(verbose=False)`` was none: the harness took it, Slicer raised TypeError when the module opened."""
    known, calls = INTERFACES["slicer.util"]["signatures"], util_calls()
    assert len(calls) > 20
    for place, name, call in calls:
        assert name in known, f"{place}: Slicer has no slicer.util.{name}"
        if any(isinstance(part, ast.Starred) for part in call.args) or any(k.arg is None for k in call.keywords):
            continue  # how many there are is known when it runs
        try:
            signature_of(known[name]).bind(*call.args, **{k.arg: k.value for k in call.keywords})
        except TypeError as error:
            pytest.fail(f"{place}: slicer.util.{name}{known[name]}: {error}")


@pytest.mark.parametrize("name", ["mainWindow", "modulePath"])
def test_the_functions_of_slicer_util_that_the_harness_replaces_take_what_slicers_take(name):
    ours = inspect.signature(getattr(slicer.util, name))
    theirs = signature_of(INTERFACES["slicer.util"]["signatures"][name])
    assert [(p.kind, p.default) for p in ours.parameters.values()] == [
        (p.kind, p.default) for p in theirs.parameters.values()
    ]


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
