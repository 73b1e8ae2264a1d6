"""Colour legends in the slice views.

Slicer (5.12) draws the legend of a volume only where the volume is a view's background, foreground or label layer. The
legend of a volume in a further layer belongs to an empty model instead, whose colours and range are the volume's: the
legends of models are drawn in any view.
"""

from collections.abc import Iterator
from typing import Any

import slicer
import vtk

#: Where a legend stands, in shares of the view, how far to the left the next column is, how wide and how high one is.
_RIGHT, _STEP, _WIDTH, _HEIGHT, _LEAST = 0.97, 0.14, 0.1, 0.4, 0.05
#: What the title above a legend takes of the view's height, and how high a legend must be for all its numbers.
_TITLE, _ROOMY = 0.13, 0.3
_TITLE_SIZE, _LABEL_SIZE = 14, 12
#: Slicer (5.12) heeds no font size: numbers are as large as fits beside the bar, and the title is as large as they are.
#: With blanks before them to this length it is 17 pixels high in a view of 740, and was 27 with "0.5" alone.
_PADDED = 6
#: Words are as high as the width allows, whatever their font size.
_NAMES_WIDTH = 0.22
#: A title has at most so many letters: wider ones would be written over the anatomy.
_LETTERS = 12
#: Where colours end below this value, numbers need two decimals.
_COARSE = 0.5
#: Attribute of the empty model: the ID of the volume whose legend it has. A reference would be gone with the volume.
_VOLUME = "CrossContrast.LegendOf"


def show_legend(
    volume: Any,
    title: str,
    *,
    row: int = 0,
    rows: int = 1,
    column: int = 0,
    named_colours: bool = False,
    further_layer: bool = False,
) -> Any | None:
    """Show the legend of the colours of ``volume`` at the right of the views, and return its display node.

    It is number ``row`` from above of ``rows`` legends, in column ``column`` from the right. ``named_colours`` writes
    the names of a table of labels instead of numbers; ``further_layer`` says that the volume is neither background,
    foreground nor label layer. Returns ``None`` where the scene does not know legends (no logic of the module Colors
    has been set on it, as in a bare scene).
    """
    scene = volume.GetScene()
    if not scene.IsNodeClassRegistered("vtkMRMLColorLegendDisplayNode"):
        return None
    if further_layer:
        hide_legend(volume)
    else:
        _remove_stand_ins(volume)
    holder = _stand_in(volume) if further_layer else volume
    legend = legend_of(holder) or slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(holder.GetDisplayNode())
    legend.SetTitleText(short_title(title))
    _keep_to_one_view(legend)
    height = max(_LEAST, min(_HEIGHT, 1 / rows - _TITLE))
    bottom = (1 - height) / 2 if rows == 1 else 1 - (row + 1) / rows
    # A position of 0 is at the bottom and one of 1 at the top, whatever the height.
    legend.SetPosition(_RIGHT - _STEP * column, bottom / (1 - height))
    legend.SetSize(_NAMES_WIDTH if named_colours else _WIDTH, height)
    legend.GetTitleTextProperty().SetFontSize(_TITLE_SIZE)
    legend.GetLabelTextProperty().SetFontSize(_LABEL_SIZE)
    legend.SetUseColorNamesForLabels(named_colours)
    if named_colours:
        legend.SetMaxNumberOfColors(volume.GetDisplayNode().GetColorNode().GetNumberOfColors())
        legend.SetLabelFormat(legend.GetDefaultTextLabelFormat())
    else:
        legend.SetNumberOfLabels(6 if height >= _ROOMY else 3)
        decimals = 1 if volume.GetDisplayNode().GetWindowLevelMax() >= _COARSE else 2
        legend.SetLabelFormat(f"%{_PADDED}.{decimals}f")
    if further_layer:
        legend.SetSaveWithScene(False)
    legend.SetVisibility(True)
    return legend


def short_title(text: str) -> str:
    """Return a title of at most 12 letters: of a file's name in the manner of BIDS its last part, such as "T2w"."""
    name = text.removesuffix(" soft cord")
    if len(name) > _LETTERS and "_" in name:
        name = name.rsplit("_", 1)[1]
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"


def _keep_to_one_view(legend: Any) -> None:
    """Draw a legend in the first slice view only; it says the same in all."""
    first = legend.GetScene().GetFirstNodeByClass("vtkMRMLSliceNode")
    legend.RemoveAllViewNodeIDs()
    if first is not None:
        legend.AddViewNodeID(first.GetID())


def hide_legend(volume: Any) -> None:
    """Hide the legend of ``volume``, where it has one, and take away those of volumes that are gone."""
    legend = legend_of(volume)
    if legend is not None:
        legend.SetVisibility(False)
    _remove_stand_ins(volume)


def legend_of(holder: Any) -> Any | None:
    """Return the legend's display node of a volume, or of the model that stands in for one; ``None`` without legend."""
    logic = getattr(slicer, "vtkSlicerColorLogic", None)
    return logic.GetColorLegendDisplayNode(holder) if logic else None


def _stand_in(volume: Any) -> Any:
    """Make the empty model that has the legend of a volume; it is neither seen nor saved."""
    scene, of = volume.GetScene(), volume.GetDisplayNode()
    model = slicer.vtkMRMLModelNode()
    model.SetName(f"{volume.GetName()} legend")
    model.SetHideFromEditors(True)
    model.SetSaveWithScene(False)
    model = scene.AddNode(model)
    model.SetAndObservePolyData(vtk.vtkPolyData())
    model.CreateDefaultDisplayNodes()
    model.SetAttribute(_VOLUME, volume.GetID())
    display = model.GetDisplayNode()
    display.SetSaveWithScene(False)
    display.SetVisibility2D(True)  # a legend is drawn where its model is: in slice views only
    display.SetVisibility3D(False)
    display.SetAndObserveColorNodeID(of.GetColorNodeID())
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(of.GetWindowLevelMin(), of.GetWindowLevelMax())
    return model


def _remove_stand_ins(volume: Any) -> None:
    """Remove the models that stand in for a volume, and for volumes that are gone."""
    scene = volume.GetScene()
    for model, of in list(_stand_ins(scene)):
        if of is None or of is volume:
            for node in (legend_of(model), model.GetDisplayNode(), model):
                if node is not None:
                    scene.RemoveNode(node)


def _stand_ins(scene: Any) -> Iterator[tuple[Any, Any | None]]:
    """Return the models that stand in, with their volumes; ``None`` for a volume that is gone."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLModelNode")):
        model = scene.GetNthNodeByClass(index, "vtkMRMLModelNode")
        if model.GetAttribute(_VOLUME):
            yield model, scene.GetNodeByID(model.GetAttribute(_VOLUME))
