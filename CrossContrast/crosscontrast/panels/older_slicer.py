"""What we use of ``slicer.packaging``, for versions of Slicer that do not have it yet (before 5.12)."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from packaging.requirements import Requirement


def load_requirements(path: Path) -> "list[Requirement]":
    """Read a requirements file without options."""
    from packaging.requirements import Requirement

    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pip_check(requirements: "Sequence[Requirement]") -> bool:
    """Whether all are installed in a version that fits."""
    return all(_is_installed(wanted) for wanted in requirements)


def pip_ensure(requirements: "Sequence[Requirement]", requester: str, skip_packages: Sequence[str]) -> None:
    """Ask and install what is missing, but in a test; raises ``RuntimeError`` when the user declines.

    ``skip_packages`` are never asked for by name. As a dependency pip leaves them alone where they are installed.
    """
    missing = [str(r) for r in requirements if r.name not in skip_packages and not _is_installed(r)]
    if not missing or slicer.app.testingEnabled():
        return
    question = _("{requester} needs Python packages, which will be installed into Slicer:\n\n{packages}")
    text = question.format(requester=requester, packages="\n".join(missing))
    if not slicer.util.confirmOkCancelDisplay(text, windowTitle=requester):
        raise RuntimeError("the installation was declined")
    with slicer.util.WaitCursor():
        slicer.util.pip_install(missing)


def _is_installed(wanted: "Requirement") -> bool:
    if wanted.marker is not None and not wanted.marker.evaluate():
        return True
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False
