"""Plots in a scene."""

from typing import Any

import slicer
import vtk

_NAMES = ("Reference", "Test")


def show_scatter(
    scene: Any, name: str, reference: list[float], test: list[float], title: str, labels: list[str]
) -> Any:
    """Put a scatter plot of test against reference values into ``scene``, with the line of equality.

    The nodes are called after ``name`` and are used again when it is shown anew. ``labels`` names the points. Returns
    the chart node.
    """
    points = _table(scene, f"{name} points", reference, test, labels)
    ends = [min((*reference, *test), default=0.0), max((*reference, *test), default=1.0)]
    line = _table(scene, f"{name} equality", ends, ends, ["", ""])
    chart = _node(scene, "vtkMRMLPlotChartNode", name)
    chart.RemoveAllPlotSeriesNodeIDs()
    for table, marker, line_style in (
        (points, slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle, slicer.vtkMRMLPlotSeriesNode.LineStyleNone),
        (line, slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone, slicer.vtkMRMLPlotSeriesNode.LineStyleDash),
    ):
        series = _node(scene, "vtkMRMLPlotSeriesNode", f"{table.GetName()} series")
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        series.SetAndObserveTableNodeID(table.GetID())
        series.SetXColumnName(_NAMES[0])
        series.SetYColumnName(_NAMES[1])
        series.SetLabelColumnName("Label")
        series.SetMarkerStyle(marker)
        series.SetLineStyle(line_style)
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle(title)
    chart.SetXAxisTitle(_NAMES[0])
    chart.SetYAxisTitle(_NAMES[1])
    chart.SetLegendVisibility(False)
    return chart


def _table(scene: Any, name: str, x: list[float], y: list[float], labels: list[str]) -> Any:
    node = _node(scene, "vtkMRMLTableNode", name)
    table = vtk.vtkTable()
    for column, values in zip(_NAMES, (x, y), strict=True):
        array = vtk.vtkDoubleArray()
        array.SetName(column)
        for value in values:
            array.InsertNextValue(value)
        table.AddColumn(array)
    names = vtk.vtkStringArray()
    names.SetName("Label")
    for label in labels:
        names.InsertNextValue(label)
    table.AddColumn(names)
    node.SetAndObserveTable(table)
    return node


def _node(scene: Any, kind: str, name: str) -> Any:
    nodes = [scene.GetNthNodeByClass(number, kind) for number in range(scene.GetNumberOfNodesByClass(kind))]
    return next((node for node in nodes if node.GetName() == name), None) or scene.AddNewNodeByClass(kind, name)
