"""What this installation has and lacks, for the command line and the panel."""

import platform
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from crosscontrast.errors import CrossContrastError
from crosscontrast.jobs.processes import worker_python
from crosscontrast.version import __version__

#: package on PyPI -> what it is for; empty for those without which nothing works.
_PACKAGES = {
    "torch": "",
    "monai": "",
    "SimpleITK": "",
    "numpy": "",
    "scipy": "",
    "distributed": "",
    "PyWavelets": "radiomic features of wavelet-filtered images (extra radiomics)",
    "pyradiomics": "radiomic features as PyRadiomics has them (Python 3.11, or the SlicerRadiomics extension)",
    "slicer-core": "scenes outside Slicer (extra browser)",
    "trame-slicer": "the browser application (extra browser)",
    "nnunetv2": "models trained with nnU-Net (extra nnunet)",
    "openvino": "networks 1.4 times as fast on CPUs (extra openvino)",
}
#: Renders one off-screen frame; in a process of its own, because VTK without a GL library ends with a crash.
_RENDER = """
import vtk
window = vtk.vtkRenderWindow()
window.SetOffScreenRendering(1)
window.AddRenderer(vtk.vtkRenderer())
window.Render()
print(window.GetClassName())
"""
_LEAST_MEMORY = 3 * 2**30
_LEAST_DISK = 2**30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``needed`` things that are not ``ok`` keep the software from working."""

    name: str
    value: str
    ok: bool = True
    needed: bool = False
    hint: str = ""


def examine() -> list[Finding]:
    """Look at everything that matters; takes a few seconds, because it renders a frame and checks the models."""
    return [
        Finding("CrossContrast", __version__),
        Finding("Python", f"{platform.python_version()} on {platform.platform()}"),
        *(_package(name, purpose) for name, purpose in _PACKAGES.items()),
        _device(),
        _graphics(),
        _memory(),
        _disk(),
        *_models(),
    ]


def _package(name: str, purpose: str) -> Finding:
    try:
        return Finding(name, version(name), needed=not purpose)
    except PackageNotFoundError:
        hint = f"pip install {name}" + (f": needed for {purpose}" if purpose else "")
        return Finding(name, "not installed", ok=False, needed=not purpose, hint=hint)


def _device() -> Finding:
    try:
        from crosscontrast.ground.device import choose_device, describe_device

        return Finding("device", describe_device(choose_device("auto")))
    except ImportError:
        return Finding("device", "unknown without torch", ok=False)


def _graphics() -> Finding:
    hint = "install one of the system packages libosmesa6, or libegl1 with libgl1-mesa-dri (Debian's names)"
    try:
        run = subprocess.run([worker_python(), "-c", _RENDER], capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return Finding("off-screen GL", "did not answer within a minute", ok=False, hint=hint)
    if run.returncode == 0:
        return Finding("off-screen GL", run.stdout.strip())
    if "No module named" in run.stderr:
        return Finding("off-screen GL", "VTK is not installed", ok=False, hint="pip install 'crosscontrast[browser]'")
    return Finding("off-screen GL", f"VTK cannot render (exit code {run.returncode})", ok=False, hint=hint)


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    value = f"{memory.available / 2**30:.1f} GiB free of {memory.total / 2**30:.1f}"
    enough = memory.available >= _LEAST_MEMORY
    return Finding("memory", value, ok=enough, hint="a whole-spine volume needs about 3 GiB: close other programs")


def _disk() -> Finding:
    from crosscontrast.models.library import library_root

    root = library_root()
    existing = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    return Finding(
        "model library", f"{root} ({free / 2**30:.1f} GiB free)", ok=free >= _LEAST_DISK, hint="free some disk space"
    )


def _models() -> list[Finding]:
    from crosscontrast.models.library import ModelLibrary

    library = ModelLibrary()
    findings = []
    for entry in library.entries():
        if not entry.current:
            continue
        try:
            library.verify(entry)
            findings.append(Finding(f"model {entry}", "unchanged", needed=entry.shipped))
        except CrossContrastError as error:
            findings.append(Finding(f"model {entry}", error.message, ok=False, needed=entry.shipped, hint=error.hint))
    return findings
