"""What the drives have in common. They run inside Slicer and use its own Python and nothing else."""

import faulthandler
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer
import vtk

#: Where pictures and files of a drive go.
OUT = Path(os.environ.get("DRIVES_OUT") or tempfile.mkdtemp(prefix="drives-"))
#: Spacing in mm (i, j, k) of the volumes that the drives make.
SPACING = np.array([0.8, 1.0, 3.0])
_failed: list[str] = []
_python_errors: list[str] = []
_read_lines = 0
#: Every so many seconds a drive writes down where it is, to be read if it hangs.
_HANGS = 60
#: How lines of Slicer's log begin that should not be there.
_WRONG = ("[ERROR", "[CRITICAL", "[FATAL")
#: What Slicer says by itself: of every slice view that was turned to a volume's axes, when it opens such a scene again.
_SLICERS_OWN = ("invalid orientation preset name: Reformat",)


def _remember_error(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    _python_errors.append(f"{kind.__name__}: {error}")
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _remember_error


def check(what: str, holds: Any) -> bool:
    """Print whether something holds; the drive goes on either way."""
    print("ok   " if holds else "NOT  ", what, flush=True)
    if not holds:
        _failed.append(what)
    return bool(holds)


def pump(seconds: float = 0.3, until: Any = None) -> bool:
    """Let Slicer work for some seconds, or until a condition holds; return whether it does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        slicer.app.processEvents()
        if until and until():
            return True
        time.sleep(0.01)
    return bool(until and until())


def open_module(name: str) -> Any:
    """Open a module and return its widget class."""
    slicer.util.selectModule(name)
    pump(0.5)
    return getattr(slicer.modules, f"{name}Widget")


def errors() -> list[str]:
    """Return Python's, VTK's and Slicer's errors since the last call."""
    global _read_lines
    path = slicer.app.errorLogModel().filePath
    lines = Path(path).read_text(errors="replace").splitlines() if path and Path(path).exists() else []
    new = [line for line in lines[_read_lines:] if line.startswith(_WRONG) and not line.endswith(" -")]
    found = [line for line in new if not any(known in line for known in _SLICERS_OWN)]
    found += _python_errors
    _read_lines = len(lines)
    _python_errors.clear()
    return found


def no_errors(what: str) -> None:
    """Check that nothing went wrong since the last look."""
    found = errors()
    check(f"no error: {what}", not found)
    for line in found[:5]:
        print("      ", line, flush=True)


def picture(widget: Any, name: str) -> None:
    """Keep what a widget shows as OUT/NAME.png."""
    pump(0.2)
    widget.grab().save(str(OUT / f"{name}.png"))


def end() -> None:
    """Say how it went and leave Slicer."""
    print(f"{len(_failed)} checks failed", flush=True)
    slicer.mrmlScene.Clear(0)
    sys.stdout.flush()
    raise SystemExit(1 if _failed else 0)


def drive(story: Any) -> None:
    """Run the functions of a drive one after the other, each with an empty scene, and leave Slicer."""
    main = slicer.util.mainWindow()
    main.showNormal()
    main.setGeometry(0, 0, 1600, 1000)
    OUT.mkdir(parents=True, exist_ok=True)
    stacks = (OUT / "stacks.txt").open("w")
    faulthandler.enable(stacks)
    faulthandler.dump_traceback_later(_HANGS, repeat=True, file=stacks)
    for part in story:
        print("=== ", part.__name__, flush=True)
        slicer.mrmlScene.Clear(0)
        slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        pump(0.5)
        try:
            part()
            no_errors(part.__name__)
        except Exception as error:
            sys.excepthook(type(error), error, error.__traceback__)
            check(f"{part.__name__} went through: {error}", False)
            errors()
    end()


def ijk_to_ras() -> np.ndarray:
    """Return a left-handed, oblique, anisotropic grid."""
    angle = np.radians(12)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn @ np.diag(SPACING)
    matrix[:3, 3] = (-20, -25, -30)
    return matrix


def tube() -> np.ndarray:
    """Return a soft cord off the middle of the image, float32 (k, j, i)."""
    k, j, i = np.indices((16, 56, 64))
    far = np.hypot((i - 26 - 0.4 * k) * SPACING[0], (j - 22) * SPACING[1])
    return np.clip(7.5 - far, 0, 1).astype(np.float32)


def add_case(name: str = "patient") -> tuple[Any, Any]:
    """Add an image and the soft map that was made of it to the scene."""
    soft_values = tube()
    noise = np.random.default_rng(1).normal(0, 8, soft_values.shape)
    image = slicer.util.addVolumeFromArray((100 + 120 * soft_values + noise).astype(np.int16), ijk_to_ras(), name)
    return image, add_soft(image, f"{name} soft cord")


def add_soft(image: Any, name: str) -> Any:
    """Add a soft map as a run of the module leaves it."""
    from crosscontrast.scene.results import SOURCE_ROLE
    from crosscontrast.scene.soft_map import mark_soft_map

    soft = slicer.util.addVolumeFromArray(tube(), ijk_to_ras(), name)
    mark_soft_map(soft)
    soft.SetNodeReferenceID(SOURCE_ROLE, image.GetID())
    soft.SetAndObserveTransformNodeID(image.GetTransformNodeID())
    return soft


def add_transform(turn: float = 0, shift: tuple[float, float, float] = (0, 0, 0)) -> Any:
    """Add a linear transform: ``turn`` in degrees about the axis from head to foot, ``shift`` in mm."""
    motion = vtk.vtkTransform()
    motion.Translate(shift)
    motion.RotateZ(turn)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "motion")
    node.SetMatrixTransformToParent(motion.GetMatrix())
    return node


def world(volume: Any, ijk: Any) -> np.ndarray:
    """Return where a voxel index (i, j, k) is shown, in mm (RAS)."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    place = [0.0, 0.0, 0.0]
    volume.TransformPointToWorld(matrix.MultiplyPoint((*ijk, 1))[:3], place)
    return np.array(place)


def stroke(view: str, places: list[np.ndarray]) -> None:
    """Draw with the mouse from the first to the last of two places (RAS) in a slice view, which goes there first."""
    widget = slicer.app.layoutManager().sliceWidget(view)
    node = widget.mrmlSliceNode()
    width, height, depth = node.GetFieldOfView()
    node.SetFieldOfView(70 * width / height, 70, depth)
    node.JumpSliceByCentering(*places[0])
    pump(0.5)
    inverse = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(node.GetXYToRAS(), inverse)
    start, stop = (tuple(round(c) for c in inverse.MultiplyPoint((*place, 1))[:2]) for place in places)
    slicer.util.clickAndDrag(widget, start=start, end=stop, steps=8)
    pump(0.8)


def text_of(widget: Any) -> str:
    """Return a widget's tool tip without its markup."""
    document = qt.QTextDocument()
    document.setHtml(widget.toolTip)
    return str(document.toPlainText())
