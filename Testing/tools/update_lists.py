"""Writes the lists of files in every module's CMakeLists.txt, that of packages in pyproject.toml, and requirements.

``--check`` only says what is wrong with them. Slicer copies exactly the files that SCRIPTS and RESOURCES name: in a
developer's checkout an unnamed file is found all the same, so it is missed only by the people who install the
extension. pip cannot look for packages itself, since the shipped models are one of them and lie in Resources/Models.
What a module asks to be installed into Slicer is named in pyproject.toml, which has the versions.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("CrossContrast", "SoftCordSeg", "SynthSeg", "RadiomicsCompare")
SCRIPTS, RESOURCES = "MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES"


def files_of(module: Path) -> dict[str, list[str]]:
    """What the two lists of a module must name: its script and packages, and everything else that it needs to run."""
    packages = [path.parent for path in module.glob("*/__init__.py")]
    kept = [path for folder in (*packages, module / "Resources") for path in folder.rglob("*") if _is_kept(path)]
    names = sorted(path.relative_to(module).as_posix() for path in kept)
    return {
        SCRIPTS: [f"{module.name}.py", *(name for name in names if name.endswith(".py"))],
        RESOURCES: [name for name in names if not name.endswith(".py")],
    }


def _is_kept(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")


def read_list(cmake: str, name: str, module: str) -> list[str]:
    """The entries of ``set(<name> ...)`` in the text of a CMakeLists.txt, with ``${MODULE_NAME}`` filled in."""
    body = _pattern(name).search(cmake)
    if body is None:
        raise ValueError(f"There is no set({name} ...)")
    return body.group(2).replace("${MODULE_NAME}", module).split()


def with_list(cmake: str, name: str, entries: list[str]) -> str:
    """The text of a CMakeLists.txt with the entries of ``set(<name> ...)`` replaced."""
    lines = "".join(f"\n  {entry}" for entry in entries)
    return _pattern(name).sub(lambda found: f"{found.group(1)}{lines}\n  )", cmake)


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"^(set\({name})\b([^)]*)\)", re.MULTILINE)


def problems(module: Path) -> list[str]:
    """Say what the lists of ``module`` leave out, name in vain or name twice."""
    cmake = (module / "CMakeLists.txt").read_text()
    found = []
    for name, wanted in files_of(module).items():
        listed = read_list(cmake, name, module.name)
        found += [f"{module.name}: {entry} is missing from {name}" for entry in wanted if entry not in listed]
        found += [f"{module.name}: {entry} in {name} does not exist" for entry in listed if entry not in wanted]
        found += [f"{module.name}: {entry} stands twice in {name}" for entry in {*listed} if listed.count(entry) > 1]
    return found


def packages() -> list[str]:
    """The packages that pip installs: every folder with Python files, and the shipped models."""
    folders = {path.parent.relative_to(ROOT / "CrossContrast") for path in (ROOT / "CrossContrast").glob("*/**/*.py")}
    return sorted({".".join(folder.parts) for folder in folders} | {"crosscontrast.shipped_models"})


def listed_packages(project: str) -> list[str]:
    """The packages that the text of a pyproject.toml names."""
    found: list[str] = tomllib.loads(project)["tool"]["setuptools"]["packages"]
    return found


def with_packages(project: str, names: list[str]) -> str:
    """The text of a pyproject.toml with its list of packages replaced."""
    lines = "".join(f'  "{name}",\n' for name in names)
    return re.sub(r"^packages = \[\n[^]]*\]", f"packages = [\n{lines}]", project, count=1, flags=re.MULTILINE)


def requirements_path(module: str) -> Path:
    """The file that Slicer's side of a module reads."""
    return ROOT / module / "Resources" / "Requirements" / f"{module}.txt"


def requirements_text(project: str, module: str) -> str:
    """What the text of a pyproject.toml says that a module asks for; ``KeyError`` for what pip would not have."""
    content = tomllib.loads(project)
    known = {re.split(r"[^\w.-]", line)[0]: line for line in content["project"]["dependencies"]}
    lines = [known[name] for name in content["tool"]["crosscontrast"]["requirements"][module]]
    return "\n".join(["# Written by 'make lists' from pyproject.toml, where it says why.", *lines, ""])


def main() -> int:
    """Write the lists, or with ``--check`` print their problems and return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, print what is wrong")
    arguments = parser.parse_args()
    for module in (ROOT / name for name in MODULES):
        if not arguments.check:
            path = module / "CMakeLists.txt"
            cmake = path.read_text()
            for name, entries in files_of(module).items():
                cmake = with_list(cmake, name, entries)
            path.write_text(cmake)
    project = ROOT / "pyproject.toml"
    if not arguments.check:
        project.write_text(with_packages(project.read_text(), packages()))
        for name in MODULES:
            requirements_path(name).write_text(requirements_text(project.read_text(), name))
    found = [problem for name in MODULES for problem in problems(ROOT / name)]
    if listed_packages(project.read_text()) != packages():
        found.append("pyproject.toml: the list of packages is not that of the folders")
    for name in MODULES:
        if requirements_path(name).read_text() != requirements_text(project.read_text(), name):
            found.append(f"{name}: its requirements are not those of pyproject.toml")
    print("\n".join(found) or "The lists name every file.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
