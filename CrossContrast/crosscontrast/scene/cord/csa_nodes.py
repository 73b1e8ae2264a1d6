"""Areas along the cord as tables and one plot in the scene, for any plot or table view."""

from collections.abc import Mapping
from typing import Any

import slicer

from crosscontrast.cord.csa.contrasts import CsaCurve
from crosscontrast.scene.hierarchy import put_beside

#: References of a soft map to its table and its line in the plot.
_TABLE_ROLE, _SERIES_ROLE = "CrossContrast.CsaTable", "CrossContrast.CsaSeries"
_CHART = "CSA along the cord"
COLUMNS = ("Slice", "Height [mm]", "Distance [mm]", "CSA [mm²]")
#: Colours that stay apart for colour-blind readers (Okabe and Ito).
_COLOURS = ((0.84, 0.37, 0.0), (0.0, 0.45, 0.70), (0.0, 0.62, 0.45), (0.80, 0.47, 0.65), (0.90, 0.62, 0.0))


def show_curves(scene: Any, curves: Mapping[str, CsaCurve]) -> Any:
    """Bring tables and plot up to date with the areas of soft maps, by the IDs of their nodes; return the chart node.

    Lines of other maps leave the plot. The horizontal axis is the height in the scanner's space, so that the contrasts
    of one patient lie over each other.
    """
    chart = scene.GetFirstNode(_CHART, "vtkMRMLPlotChartNode") or _make_chart(scene)
    wanted = [_update(scene, scene.GetNodeByID(identifier), curve) for identifier, curve in curves.items()]
    shown = [chart.GetNthPlotSeriesNodeID(index) for index in range(chart.GetNumberOfPlotSeriesNodes())]
    if shown != [series.GetID() for series in wanted]:
        chart.RemoveAllPlotSeriesNodeIDs()
        for number, series in enumerate(wanted):
            series.SetColor(*_COLOURS[number % len(_COLOURS)])
            chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetLegendVisibility(False)  # it would lie over the lines; a table beside the plot tells their colours
    return chart


def table_of(soft: Any) -> Any | None:
    """Return the table node with the areas of a soft map."""
    return soft.GetNodeReference(_TABLE_ROLE)


def colour_of(soft: Any) -> tuple[float, float, float] | None:
    """Return the colour of the line of a soft map in the plot."""
    series = soft.GetNodeReference(_SERIES_ROLE)
    return tuple(series.GetColor()) if series is not None else None


def _make_chart(scene: Any) -> Any:
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", _CHART)
    chart.SetTitle("")
    chart.SetTitleVisibility(False)
    chart.SetXAxisTitle("height [mm]")
    chart.SetYAxisTitle("CSA [mm²]")
    return chart


def _update(scene: Any, soft: Any, curve: CsaCurve) -> Any:
    table = table_of(soft)
    if table is None:
        table = scene.AddNewNodeByClass("vtkMRMLTableNode", scene.GenerateUniqueName(f"CSA {soft.GetName()}"))
        put_beside(table, soft)
        soft.SetNodeReferenceID(_TABLE_ROLE, table.GetID())
    found = ~(curve.areas != curve.areas)
    columns = [values[found] for values in (curve.slices, curve.heights, curve.distances, curve.areas)]
    # In one piece: a plot that looks between the old columns and the new ones logs an error.
    with slicer.util.NodeModify(table):
        slicer.util.updateTableFromArray(table, [column.astype(float) for column in columns], list(COLUMNS))
    series = soft.GetNodeReference(_SERIES_ROLE)
    if series is None:
        series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", soft.GetName())
        series.SetAndObserveTableNodeID(table.GetID())
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        series.SetXColumnName(COLUMNS[1])
        series.SetYColumnName(COLUMNS[3])
        series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        series.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleSolid)
        soft.SetNodeReferenceID(_SERIES_ROLE, series.GetID())
    return series
