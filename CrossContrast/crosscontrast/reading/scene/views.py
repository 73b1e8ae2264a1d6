"""Three slice views of one image in a scene of their own, as Slicer draws them, without a window or a graphics card.

What Slicer shows in a slice view is the picture that ``vtkMRMLSliceLogic`` makes of the scene; this is that picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonMath import vtkMatrix4x4

from crosscontrast.scene.volumes import read_volume

#: The views, by the names of Slicer's orientations in lower case.
VIEWS = ("axial", "sagittal", "coronal")
#: Smallest and largest size of a view in pixels.
_SIZES = (64, 1600)
#: Smallest and largest field of view in mm.
_FIELD = (5.0, 2000.0)


@dataclass(frozen=True)
class Window:
    """The grey values that are drawn: ``width`` of them around ``level``."""

    width: float
    level: float


class SliceViews:
    """The views of one reader. Pixels count from the upper left corner, places are RAS millimetres."""

    def __init__(self) -> None:
        self.scene = slicer.vtkMRMLScene()
        self._application = slicer.vtkSlicerApplicationLogic()
        self._application.SetMRMLScene(self.scene)
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        self._grey = self.scene.AddNewNodeByClass("vtkMRMLColorTableNode", "Grey")
        self._grey.SetTypeToGrey()
        self._volume = self._make_volume()
        self._logics = {view: self._make_view(view) for view in VIEWS}

    def close(self) -> None:
        """Let go of the scene; logics and scene refer to each other without keeping each other alive."""
        for listener in (*self._logics.values(), self._application):
            listener.SetMRMLScene(None)
        self.scene.Clear(True)

    def show(self, path: Path, window: Window) -> None:
        """Show an image instead of the one before, whole, in its own planes and from its middle."""
        read_volume(self.scene, path, "image", into=self._volume)
        self.set_window(window)
        for view, logic in self._logics.items():
            logic.GetSliceCompositeNode().SetBackgroundVolumeID(self._volume.GetID())
            node = logic.GetSliceNode()
            node.SetOrientation(view.capitalize())
            node.RotateToVolumePlane(self._volume)
        self.reset()

    def reset(self) -> None:
        """Show the whole image from its middle again."""
        for logic in self._logics.values():
            width, height, _ = logic.GetSliceNode().GetDimensions()
            logic.FitSliceToBackground(width, height)
            logic.SnapSliceOffsetToIJK()

    def resize(self, view: str, width: int, height: int) -> None:
        """Give a view another size in pixels."""
        width, height = (int(np.clip(extent, *_SIZES)) for extent in (width, height))
        self._logics[view].ResizeSliceNode(width, height)

    @property
    def window(self) -> Window:
        """The window of the image."""
        display = self._volume.GetDisplayNode()
        return Window(display.GetWindow(), display.GetLevel())

    def set_window(self, window: Window) -> None:
        """Draw other grey values; the width stays above 0."""
        self._volume.GetDisplayNode().SetWindowLevel(max(1.0, window.width), window.level)

    def scroll(self, view: str, steps: int) -> None:
        """Go on by slices of the image, at most to its ends."""
        logic = self._logics[view]
        spacing, (low, high) = self._slices(logic)
        offset = logic.GetSliceOffset() + steps * spacing
        logic.SetSliceOffset(float(np.clip(offset, low + spacing / 2, high - spacing / 2)))

    def zoom(self, views: Sequence[str], factor: float) -> None:
        """Enlarge what views show by a factor."""
        for view in views:
            node = self._logics[view].GetSliceNode()
            width, height, depth = node.GetFieldOfView()
            scale = float(np.clip(width / factor, *_FIELD)) / width
            node.SetFieldOfView(width * scale, height * scale, depth)

    def pan(self, view: str, right: float, down: float) -> None:
        """Move the picture of a view by pixels."""
        node = self._logics[view].GetSliceNode()
        (width, height, _), (columns, rows, _) = node.GetFieldOfView(), node.GetDimensions()
        x, y, z = node.GetXYZOrigin()
        node.SetXYZOrigin(x - right * width / columns, y + down * height / rows, z)

    def place(self, view: str, x: float, y: float) -> tuple[float, float, float]:
        """Return the place (RAS, mm) under a pixel of a view."""
        node = self._logics[view].GetSliceNode()
        point = node.GetXYToRAS().MultiplyPoint((x, node.GetDimensions()[1] - 1 - y, 0, 1))
        return float(point[0]), float(point[1]), float(point[2])

    def jump(self, place: Sequence[float], *, but: str = "") -> None:
        """Make the views, all but one, show the slice through a place."""
        for view, logic in self._logics.items():
            if view != but:
                logic.GetSliceNode().JumpSliceByOffsetting(*place)

    def pixel(self, view: str, place: Sequence[float]) -> tuple[float, float] | None:
        """Return the pixel of a view under which a place lies, ``None`` if it is not on the slice shown."""
        logic = self._logics[view]
        node = logic.GetSliceNode()
        inverse = vtkMatrix4x4()
        vtkMatrix4x4.Invert(node.GetXYToRAS(), inverse)
        x, y, _, _ = inverse.MultiplyPoint((*place, 1))
        to_slice = vtkMatrix4x4()
        vtkMatrix4x4.Invert(node.GetSliceToRAS(), to_slice)
        away = to_slice.MultiplyPoint((*place, 1))[2]
        spacing, _ = self._slices(logic)
        return (float(x), float(node.GetDimensions()[1] - 1 - y)) if abs(away) <= spacing / 2 + 1e-6 else None

    def slice_number(self, view: str) -> tuple[int, int]:
        """Return which slice of how many a view shows, from 1."""
        logic = self._logics[view]
        spacing, (low, high) = self._slices(logic)
        count = max(1, round((high - low) / spacing))
        return int(np.clip(np.floor((logic.GetSliceOffset() - low) / spacing) + 1, 1, count)), count

    def edges(self, view: str) -> str:
        """Return the sides of the body at the left, right, upper and lower edge of a view, such as ``RLAP``."""
        to_ras = self._logics[view].GetSliceNode().GetSliceToRAS()
        letters = ""
        for column in (0, 1):
            axis = [to_ras.GetElement(row, column) for row in range(3)]
            side = int(np.argmax(np.abs(axis)))
            pair = ("RL", "AP", "SI")[side]
            onward, back = (pair[0], pair[1]) if axis[side] > 0 else (pair[1], pair[0])
            letters += back + onward if column == 0 else onward + back
        return letters

    def picture(self, view: str) -> np.ndarray:
        """Return what a view shows as grey values (rows, columns) of 8 bits, the upper row first."""
        producer = self._logics[view].GetImageDataConnection().GetProducer()
        producer.Update()
        data = producer.GetOutputDataObject(0)
        columns, rows, _ = data.GetDimensions()
        pixels = vtk_to_numpy(data.GetPointData().GetScalars()).reshape(rows, columns, -1)
        return np.ascontiguousarray(pixels[::-1, :, 0])

    def _make_volume(self) -> Any:
        """Make the node for all images. Its display is made before them, or MRML would look for a window each time."""
        # The node's name is one of the things that must not tell what an image is.
        volume = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "image")
        display = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
        display.SetAndObserveColorNodeID(self._grey.GetID())
        display.AutoWindowLevelOff()
        volume.SetAndObserveDisplayNodeID(display.GetID())
        return volume

    def _make_view(self, view: str) -> Any:
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(self._application)
        logic.SetMRMLScene(self.scene)
        logic.AddSliceNode(view.capitalize()).SetOrientation(view.capitalize())
        logic.ResizeSliceNode(512, 512)
        return logic

    @staticmethod
    def _slices(logic: Any) -> tuple[float, tuple[float, float]]:
        """Return the distance of the image's slices along a view's normal, and the ends of the image there."""
        bounds = [0.0] * 6
        logic.GetLowestVolumeSliceBounds(bounds)
        return float(logic.GetLowestVolumeSliceSpacing()[2]), (bounds[4], bounds[5])
