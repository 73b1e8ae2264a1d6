"""Showing a soft segmentation over an image in the slice views."""

from typing import Any

import numpy as np

#: From dark violet over red to pale yellow, so that lightness grows with the value.
_COLOURS = ((0.16, 0.04, 0.33), (0.47, 0.11, 0.43), (0.93, 0.41, 0.15), (0.99, 1.0, 0.64))
#: Attribute of the volume nodes that are soft maps, so that a selector can offer no others.
SOFT_MAP = "CrossContrast.SoftMap"
_TABLE = "CrossContrast soft segmentation"


def show_soft_map(scene: Any, soft: Any, background: Any | None, threshold: float, opacity: float) -> None:
    """Show the soft map ``soft`` (values 0 to 1) in all slice views over ``background``.

    Values below ``threshold`` are not drawn; ``opacity`` in [0, 1] is that of the whole layer, because slice views
    ignore the transparency of a colour table.
    """
    soft.SetAttribute(SOFT_MAP, "1")
    display = soft.GetDisplayNode()
    display.SetAndObserveColorNodeID(_colour_table(scene).GetID())
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, 1.0)
    set_threshold(soft, threshold)
    for composite in _composites(scene):
        composite.SetForegroundVolumeID(soft.GetID())
        if background is not None:
            composite.SetBackgroundVolumeID(background.GetID())
    set_opacity(scene, soft, opacity)


def set_threshold(soft: Any, threshold: float) -> None:
    """Draw the values from ``threshold`` up; a value of exactly 0 is background at any threshold."""
    display = soft.GetDisplayNode()
    display.AutoThresholdOff()
    display.SetThreshold(max(threshold, 1e-3), 1.0)
    display.ApplyThresholdOn()


def set_opacity(scene: Any, soft: Any, opacity: float) -> None:
    """Set the opacity of the layer in the slice views that show ``soft``."""
    for composite in _composites(scene):
        if composite.GetForegroundVolumeID() == soft.GetID():
            composite.SetForegroundOpacity(opacity)


def _composites(scene: Any) -> list[Any]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode") for index in range(count)]


def _colour_table(scene: Any) -> Any:
    """Our table in this scene; made in code, because tables read from Slicer's files are absent outside Slicer."""
    table = scene.GetFirstNodeByName(_TABLE)
    if table is not None:
        return table
    table = scene.CreateNodeByClass("vtkMRMLColorTableNode")
    table.UnRegister(None)
    table.SetTypeToUser()
    table.SetName(_TABLE)
    table.SetNumberOfColors(256)
    values = np.linspace(0, 1, 256)
    channels = [np.interp(values, np.linspace(0, 1, len(_COLOURS)), channel) for channel in zip(*_COLOURS, strict=True)]
    for index, (red, green, blue) in enumerate(zip(*channels, strict=True)):
        table.SetColor(index, f"{values[index]:.2f}", red, green, blue, 1.0)
    return scene.AddNode(table)
