"""The rules of the house: each floor imports only from below, and no module's library from another module's."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

MODULES = ("CrossContrast", "SoftCordSeg", "SynthSeg", "RadiomicsCompare")
LIBRARIES = {f"{module}Lib": ROOT / module / f"{module}Lib" for module in MODULES}
SLICER_SIDE = {"qt", "ctk", "slicer", "vtk", "PythonQt"}

#: Parts of the libraries above floor 2, by the number of their floor; everything else is work (2) or ground (1).
FLOORS = {
    "crosscontrast.ground": 1,
    "crosscontrast.models": 1,
    "crosscontrast.errors": 1,
    "crosscontrast.progress": 1,
    "crosscontrast.version": 1,
    "crosscontrast.jobs": 3,
    "crosscontrast.app.server": 5,
    "crosscontrast.cli": 5,
    "crosscontrast.reading.scene": 4,
    "crosscontrast.app.reading": 5,
    "crosscontrast.reading.widgets": 5,
    "crosscontrast.panels.reading.question_widgets": 5,
    "crosscontrast.panels.reading.page": 5,
    "crosscontrast.panels.radiomics.page": 5,
}

#: Packages that any library may have.
PACKAGES = {"scene": 4, "widgets": 5, "browser": 5}


def floor(module: str) -> int:
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        known = FLOORS.get(".".join(parts[:length]))
        if known:
            return known
    if len(parts) > 1 and parts[1] in PACKAGES:
        return PACKAGES[parts[1]]
    if parts[-1] in ("jobs", "job"):
        return 3
    return 5 if parts[-1] in ("cli", "__main__") else 2


def imports(path: Path) -> Iterator[str]:
    """Modules that a file imports anywhere but under TYPE_CHECKING, where an import is only a name for mypy."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test).endswith("TYPE_CHECKING")
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports break in Slicer's flat folder"
            yield node.module or ""


FILES = [
    pytest.param(
        path, ".".join((library, *path.relative_to(folder).with_suffix("").parts)), id=f"{library}/{path.name}"
    )
    for library, folder in LIBRARIES.items()
    for path in sorted(folder.rglob("*.py"))
]


@pytest.mark.parametrize(("path", "module"), FILES)
def test_a_file_imports_only_from_its_floor_and_below(path, module):
    here = module.removesuffix(".__init__")
    too_high = [name for name in imports(path) if name.split(".")[0] in LIBRARIES and floor(name) > floor(here)]
    assert not too_high


@pytest.mark.parametrize(("path", "module"), FILES)
def test_qt_slicer_and_vtk_stay_on_the_upper_floors(path, module):
    found = SLICER_SIDE & {name.split(".")[0] for name in imports(path)}
    assert not found or floor(module.removesuffix(".__init__")) >= 4


@pytest.mark.parametrize(("path", "module"), FILES)
def test_a_module_s_library_knows_only_itself_and_the_shared_one(path, module):
    own = module.split(".")[0]
    others = {name.split(".")[0] for name in imports(path)} & set(LIBRARIES)
    assert others <= {own, "crosscontrast"}


def test_the_rules_would_notice_a_violation(tmp_path):
    (tmp_path / "bad.py").write_text(
        "from typing import TYPE_CHECKING\nimport slicer\nif TYPE_CHECKING:\n    import qt\n"
        "def f():\n    from crosscontrast.cli.main import main\n"
    )
    assert list(imports(tmp_path / "bad.py")) == ["typing", "slicer", "crosscontrast.cli.main"]
    assert floor("crosscontrast.cli.main") > floor("crosscontrast.jobs.mapping") > floor("crosscontrast.cord.segment")
    assert floor("crosscontrast.cord.segment") > floor("crosscontrast.ground.images")
    assert (floor("crosscontrast.panels.cord.page"), floor("crosscontrast.scene.layers")) == (5, 4)
