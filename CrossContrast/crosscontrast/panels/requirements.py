"""Installing the Python packages that a module needs into Slicer, when the user first runs something."""

import importlib
import importlib.util
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

from slicer.i18n import tr as _

from crosscontrast.errors import MissingPackageError

#: The build of PyTorch must fit the machine's accelerator, and SimpleITK is Slicer's own: pip must touch neither.
_NOT_BY_PIP = ["torch", "SimpleITK"]
_TORCH_VERSION = ">=2.6"


def are_installed(requirements: Path, torch: bool = False) -> bool:
    """Whether everything that the file ``requirements`` asks for is there, and PyTorch where ``torch`` says so."""
    if torch and importlib.util.find_spec("torch") is None:
        return False
    packaging = _packaging()
    return bool(packaging.pip_check(packaging.load_requirements(requirements)))


def install(requirements: Path, requester: str, torch: bool) -> None:
    """Ask the user and install what is missing; returns at once when nothing is.

    ``requester`` is the module's title. Raises :class:`MissingPackageError` when the user declines or pip fails.
    """
    if torch:
        _install_torch()
    packaging = _packaging()
    needed = packaging.load_requirements(requirements)
    try:
        packaging.pip_ensure(needed, requester=requester, skip_packages=_NOT_BY_PIP)
    except (RuntimeError, CalledProcessError) as error:
        raise _not_installed(requester, str(error)) from error
    importlib.invalidate_caches()
    # In a test Slicer installs nothing and says nothing.
    if not packaging.pip_check(needed):
        raise _not_installed(requester, _("they are still missing"))


def _packaging() -> Any:
    try:
        import slicer.packaging
    except ImportError:
        from crosscontrast.panels import older_slicer

        return older_slicer
    return slicer.packaging


def _not_installed(requester: str, reason: str) -> MissingPackageError:
    text = _("{requester} needs Python packages that were not installed: {reason}.")
    return MissingPackageError(text.format(requester=requester, reason=reason))


def _install_torch() -> None:
    if importlib.util.find_spec("torch") is not None:
        return
    try:
        import PyTorchUtils
    except ImportError as error:
        raise MissingPackageError(
            _("PyTorch is not installed."), _("install the extension PyTorch and restart Slicer")
        ) from error
    try:
        torch = PyTorchUtils.PyTorchUtilsLogic().installTorch(
            askConfirmation=True, torchVersionRequirement=_TORCH_VERSION
        )
    except (CalledProcessError, RuntimeError, ValueError) as error:
        raise MissingPackageError(_("PyTorch could not be installed: {reason}.").format(reason=error)) from error
    if torch is None:
        raise MissingPackageError(_("PyTorch was not installed."))
