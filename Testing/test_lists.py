"""What CMake installs is what the modules need: a forgotten file is missed only by the people who install a package."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.update_lists import (
    MODULES,
    RESOURCES,
    SCRIPTS,
    files_of,
    listed_packages,
    packages,
    problems,
    read_list,
    requirements_path,
    requirements_text,
    with_list,
    with_packages,
)

ROOT = Path(__file__).resolve().parents[1]
TOP = (ROOT / "CMakeLists.txt").read_text()


def cmake_of(module):
    return (ROOT / module / "CMakeLists.txt").read_text()


@pytest.mark.parametrize("module", MODULES)
def test_the_lists_name_every_file_and_no_other(module):
    assert problems(ROOT / module) == [], "run: python Testing/tools/update_lists.py"


@pytest.fixture
def module(tmp_path):
    folder = tmp_path / "Some"
    for name in ("Some.py", "some/__init__.py", "some/a/b.py", "some/table.json", "Resources/UI/Some.ui"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    cmake = with_list(f"set({SCRIPTS}\n  )\nset({RESOURCES})\n", SCRIPTS, files_of(folder)[SCRIPTS])
    (folder / "CMakeLists.txt").write_text(with_list(cmake, RESOURCES, files_of(folder)[RESOURCES]))
    return folder


def test_a_complete_list_has_no_problems(module):
    assert problems(module) == []
    assert "some/table.json" in read_list((module / "CMakeLists.txt").read_text(), RESOURCES, "Some")


@pytest.mark.parametrize("name", ["some/new.py", "some/a/new.txt", "Resources/Icons/Some.png"])
def test_a_new_file_is_missing_from_the_lists(module, name):
    (module / name).parent.mkdir(exist_ok=True)
    (module / name).touch()
    assert [problem for problem in problems(module) if f"{name} is missing from" in problem]


def test_a_file_that_is_gone_or_named_twice_is_a_problem(module):
    (module / "some" / "a" / "b.py").unlink()
    cmake = (module / "CMakeLists.txt").read_text()
    (module / "CMakeLists.txt").write_text(cmake.replace("  Some.py\n", "  Some.py\n  ${MODULE_NAME}.py\n"))
    found = " ".join(problems(module))
    assert "some/a/b.py in MODULE_PYTHON_SCRIPTS does not exist" in found
    assert "Some.py stands twice" in found


@pytest.mark.parametrize("module", MODULES)
def test_only_the_module_itself_lies_loose_in_its_folder(module):
    """Slicer takes every loose .py file in a module's folder for a module."""
    assert [path.name for path in (ROOT / module).glob("*.py")] == [f"{module}.py"]


def test_no_two_modules_bring_a_file_of_the_same_path():
    """The modules of an extension are copied into one folder, where the last one would win."""
    paths = [path for module in MODULES for entries in files_of(ROOT / module).values() for path in entries]
    assert sorted(paths) == sorted(set(paths))


def test_every_package_is_installed_by_pip_too():
    project = (ROOT / "pyproject.toml").read_text()
    assert listed_packages(project) == packages(), "run: make lists"
    shorter = with_packages(project, ["crosscontrast"])
    assert listed_packages(shorter) == ["crosscontrast"]
    assert with_packages(shorter, packages()) == project


@pytest.mark.parametrize("field", ["HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"])
def test_the_extension_is_described(field):
    found = re.search(rf'^set\(EXTENSION_{field} "([^"]+)"\)', TOP, re.MULTILINE)
    assert found, f"EXTENSION_{field} is missing"
    for url in found[1].split() if field.endswith(("URL", "URLS")) else ():
        assert (ROOT / url.partition("/main/")[2]).is_file(), f"{url} names no file of this repository"


def test_every_module_and_nothing_else_is_built():
    assert re.findall(r"^add_subdirectory\((\w+)\)", TOP, re.MULTILINE) == list(MODULES)
    assert (ROOT / "LICENSE.txt").is_file()
    assert (ROOT / "README.md").is_file()


@pytest.mark.parametrize("module", MODULES)
def test_a_modules_requirements_are_those_of_the_project(module):
    project = (ROOT / "pyproject.toml").read_text()
    assert requirements_path(module).read_text() == requirements_text(project, module), "run: make lists"
    newer = project.replace('"pydantic>=', '"pydantic>=9')
    assert requirements_text(newer, module) != requirements_text(project, module)


def test_a_module_cannot_ask_for_what_the_project_does_not_depend_on():
    project = (ROOT / "pyproject.toml").read_text().replace("SynthSeg = [", 'SynthSeg = [\n  "left-pad",')
    with pytest.raises(KeyError, match="left-pad"):
        requirements_text(project, "SynthSeg")


#: Slicer's own, or built for the machine by an extension of Slicer's.
SLICERS = {
    "torch",
    "SimpleITK",
    "numpy",
    "scipy",
    "pydicom",
    "radiomics",
    "packaging",
    "vtk",
    "vtkmodules",
    "slicer",
    "qt",
    "ctk",
    "SampleData",
}
#: Asked for where a user chooses them (formats of others, several processes), or brought by another one of the list.
CHOSEN = {"highdicom", "nnunetv2", "mirp", "pywt", "dask", "distributed", "openvino", "PIL", "PyTorchUtils"}
#: What a package is called where it is imported.
IMPORTED = {
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "lightning-fabric": "lightning_fabric",
}


@pytest.fixture(scope="module")
def imports():
    """Which file of the package imports what, functions included."""
    return pytest.importorskip("grimp").build_graph("crosscontrast", include_external_packages=True, cache_dir=None)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_asks_for_all_that_its_code_can_reach(module, imports):
    """From its panel and its jobs; a package that is missing in Slicer only shows when the user presses Run."""
    tree = ast.parse((ROOT / module / f"{module}.py").read_text())
    named = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    waiting = {node.module for node in named} | {f"{node.module}.{a.name}" for node in named for a in node.names}
    waiting, reached = {name for name in waiting if name in imports.modules}, set()
    assert waiting
    while waiting:
        name = waiting.pop()
        reached.add(name)
        if name.startswith("crosscontrast."):
            waiting |= imports.find_modules_directly_imported_by(name) - reached - {"crosscontrast"}
    outside = {name for name in reached if not name.startswith("crosscontrast")}
    foreign = {name.partition(".")[0] for name in outside} - set(sys.stdlib_module_names)
    lines = requirements_text((ROOT / "pyproject.toml").read_text(), module).splitlines()[1:]
    asked = {re.split(r"[^\w.-]", line)[0].lower() for line in lines}
    assert foreign - SLICERS - CHOSEN <= {IMPORTED.get(name, name) for name in asked}


# A Slicer package that only writes down how its macros are called.
FAKE_CONFIG = """
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/Use.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/Nothing.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/Nothing.cmake)
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.12/qt-scripted-modules)
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.12/qt-scripted-modules)
"""
FAKE_USE = """
function(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS OR NOT MY_WITH_GENERIC_TESTS)
    message(FATAL_ERROR "called wrongly: ${ARGN}")
  endif()
  foreach(file ${MY_SCRIPTS} ${MY_RESOURCES})
    file(APPEND ${CMAKE_BINARY_DIR}/record.txt "file ${MY_NAME} ${file}\\n")
  endforeach()
endfunction()
function(slicer_add_python_unittest)
  file(APPEND ${CMAKE_BINARY_DIR}/record.txt "test ${ARGN}\\n")
endfunction()
"""


@pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed")
def test_cmake_configures_the_extension_and_installs_the_shipped_models(tmp_path):
    """With a copy that accepts the CMake at hand, because Slicer's own 3.28 is not everywhere."""
    source, fake, build = tmp_path / "source", tmp_path / "fake", tmp_path / "build"
    for name in (*MODULES, "Resources"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pinned = "cmake_minimum_required(VERSION 3.28.0...3.28.0 FATAL_ERROR)\n\nproject(CrossContrast)"
    assert pinned in TOP
    # Nothing is compiled, so the copy needs no compiler.
    relaxed = TOP.replace(pinned, "cmake_minimum_required(VERSION 3.16)\nproject(CrossContrast NONE)")
    (source / "CMakeLists.txt").write_text(relaxed)
    fake.mkdir()
    for name, text in {"SlicerConfig": FAKE_CONFIG, "Use": FAKE_USE, "Nothing": ""}.items():
        (fake / f"{name}.cmake").write_text(text)
    configure = ["cmake", "-S", source, "-B", build, f"-DSlicer_DIR={fake}", "-DBUILD_TESTING=ON"]
    run = subprocess.run(configure, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    record = (build / "record.txt").read_text().splitlines()
    for module in MODULES:
        named = [line.split()[2] for line in record if line.startswith(f"file {module} ")]
        assert named == [*files_of(ROOT / module)[SCRIPTS], *files_of(ROOT / module)[RESOURCES]]
        assert f"test SCRIPT;{module}.py" in record
    subprocess.run(["cmake", "--install", build, "--prefix", tmp_path / "installed"], check=True, capture_output=True)
    for place in (build, tmp_path / "installed"):
        models = place / "lib" / "Slicer-5.12" / "qt-scripted-modules" / "Resources" / "Models"
        assert list(models.glob("*/*/manifest.json")), f"no model below {models}"


def test_the_tool_says_that_all_is_well():
    tool = ROOT / "Testing" / "tools" / "update_lists.py"
    run = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
