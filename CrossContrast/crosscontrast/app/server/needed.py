"""Whether what the browser application needs is there."""

import subprocess
import sys
from importlib.util import find_spec

from crosscontrast.errors import MissingPackageError

_PACKAGES = ("trame_slicer", "slicer", "aiohttp")
_FRAME = "import vtk; w = vtk.vtkRenderWindow(); w.SetOffScreenRendering(1); w.SetSize(8, 8); w.Render()"


def check_needed() -> None:
    """Raise :class:`MissingPackageError` without the extra ``browser`` or without off-screen graphics.

    VTK ends the whole process where it finds no graphics library, so another one tries.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"The browser application needs the package {missing[0].replace('_', '-')}, which is not installed.",
            "on Python 3.11: pip install 'crosscontrast[browser]'",
        )
    tried = subprocess.run([sys.executable, "-c", _FRAME], capture_output=True, check=False)
    if tried.returncode:
        raise MissingPackageError(
            "VTK cannot render off screen on this computer.",
            "install one of the system packages libosmesa6, or libegl1 with libgl1-mesa-dri (Debian's names)",
        )
