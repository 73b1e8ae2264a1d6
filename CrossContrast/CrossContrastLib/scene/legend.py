"""Colour legends in the slice views."""

from typing import Any

import slicer

#: Where the first legend stands, in shares of the view, and how far to the left the next one.
_RIGHT, _STEP = 0.95, 0.14


def show_legend(volume: Any, title: str, place: int = 0, named_colours: bool = False) -> Any | None:
    """Show the legend of the colours of ``volume``, the ``place``-th from the right, and return its display node.

    ``named_colours`` writes the names of a table of labels instead of numbers. Returns ``None`` where the scene does
    not know legends (no logic of the module Colors has been set on it, as in a bare scene).
    """
    legend = _find_or_add(volume)
    if legend is None:
        return None
    legend.SetTitleText(title)
    legend.SetPosition(_RIGHT - _STEP * place, 0.5)
    legend.SetSize(0.12, 0.4)
    legend.SetUseColorNamesForLabels(named_colours)
    if named_colours:
        legend.SetMaxNumberOfColors(volume.GetDisplayNode().GetColorNode().GetNumberOfColors())
        legend.SetLabelFormat(legend.GetDefaultTextLabelFormat())
    else:
        legend.SetNumberOfLabels(6)
        legend.SetLabelFormat("%.1f")
    legend.SetVisibility(True)
    return legend


def hide_legend(volume: Any) -> None:
    """Hide the legend of ``volume``, where it has one."""
    legend = _find(volume)
    if legend is not None:
        legend.SetVisibility(False)


def _find(volume: Any) -> Any | None:
    logic = getattr(slicer, "vtkSlicerColorLogic", None)
    return logic.GetColorLegendDisplayNode(volume) if logic else None


def _find_or_add(volume: Any) -> Any | None:
    if not volume.GetScene().IsNodeClassRegistered("vtkMRMLColorLegendDisplayNode"):
        return None
    return _find(volume) or slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volume.GetDisplayNode())
