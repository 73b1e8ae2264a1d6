"""Stand-in for ``slicer.packaging`` that checks, and never installs."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement


def load_requirements(path: str | Path) -> list[Requirement]:
    """Read a requirements file."""
    lines = (line.strip() for line in Path(path).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pip_check(requirements: list[Requirement]) -> bool:
    """Whether all are installed in a version that fits."""
    try:
        return all(version(wanted.name) in wanted.specifier for wanted in requirements)
    except PackageNotFoundError:
        return False


def pip_ensure(requirements: list[Requirement], requester: str, skip_packages: list[str]) -> None:
    """Do as if the user declined, where something is missing."""
    if not pip_check(requirements):
        raise RuntimeError(f"declined for {requester}")
