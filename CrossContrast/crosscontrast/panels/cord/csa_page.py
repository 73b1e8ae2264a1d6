"""The page with the cross-sectional area along the cord, which follows every edit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.desk.measure import Ruler
from crosscontrast.panels.tab_order import put_into_tab_order
from crosscontrast.scene.cord.csa_nodes import colour_of, show_curves

if TYPE_CHECKING:
    from crosscontrast.cord.csa.contrasts import CsaCurve
    from crosscontrast.corrections.boxes import Box

#: An edit is shown after at most this time (ms); every movement of the brush would be too often.
_DELAY = 100
#: The table of contrasts grows with its rows up to this height in pixels.
_MOST_HEIGHT = 160
#: Side of the square that shows the colour of a line, in pixels.
_PATCH = 10
_PLOT_TAG = "SoftCordSegCsa"


class CsaPage:
    """Measures the maps that are shown and keeps plot and tables up to date."""

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self.ruler = Ruler()
        self._plot = slicer.qMRMLPlotWidget()
        self._plot.setMRMLScene(slicer.mrmlScene)
        self._plot.setMinimumHeight(220)
        ui.plotFrame.layout().addWidget(self._plot)
        put_into_tab_order(self._plot, ui.csaCollapsibleButton)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY)
        self._timer.timeout.connect(self.refresh)
        self._show_nothing()

    def use(self, maps: Sequence[Any]) -> None:
        """Show the areas of these soft maps; the last is the one at hand."""
        if self.ruler.use(maps):
            self._timer.start()

    def change(self, soft: Any, box: "Box") -> None:
        """Take in that a part of a soft map changed."""
        self.ruler.change(soft, box)
        if not self._timer.active:
            self._timer.start()

    def refresh(self) -> None:
        """Measure what is not measured yet and show all."""
        from crosscontrast.errors import CrossContrastError

        self._timer.stop()
        try:
            curves = self.ruler.curves()
        except CrossContrastError as error:
            self._show_nothing(error.message)
            return
        if not curves:
            self._show_nothing()
            return
        self._show_plot(show_curves(slicer.mrmlScene, curves))
        maps = {soft.GetID(): soft for soft in self.ruler.maps}
        self._fill_contrasts({maps[key].GetName(): curve for key, curve in curves.items()})
        for row, key in enumerate(curves):
            _paint(self._ui.contrastTable.item(row, 0), colour_of(maps[key]))
        self._fill_slices(curves[self.ruler.maps[-1].GetID()])

    def close(self) -> None:
        """The scene closes, or the module goes."""
        self._timer.stop()
        self.ruler.forget()
        self._show_nothing()

    def _show_plot(self, chart: Any) -> None:
        view = slicer.mrmlScene.GetSingletonNode(_PLOT_TAG, "vtkMRMLPlotViewNode")
        if view is None:
            view = slicer.vtkMRMLPlotViewNode()
            view.SetSingletonTag(_PLOT_TAG)
            view.SetLayoutName(_PLOT_TAG)
            view = slicer.mrmlScene.AddNode(view)
        view.SetPlotChartNodeID(chart.GetID())
        self._plot.setMRMLPlotViewNode(view)
        self._plot.visible = True

    def _show_nothing(self, reason: str = "") -> None:
        self._plot.visible = False
        for table in (self._ui.contrastTable, self._ui.csaTable):
            table.setRowCount(0)
            table.visible = False
        self._ui.csaLabel.text = reason or _("The areas of the soft maps that are shown appear here.")

    def _fill_contrasts(self, curves: "dict[str, CsaCurve]") -> None:
        from crosscontrast.cord.csa.contrasts import compare_contrasts

        compared = compare_contrasts(curves)
        rows = [
            (name, _number(curve.mean()), _number(curve.sd()), str(curve.count()), _number(compared.means[name]))
            for name, curve in curves.items()
        ]
        titles = [_("Soft map"), _("CSA [mm²]"), _("SD"), _("Slices"), _("Common")]
        fill(self._ui.contrastTable, titles, rows)
        _let_names_give_way(self._ui.contrastTable)
        _fit_height(self._ui.contrastTable)
        if len(curves) > 1 and compared.sd == compared.sd:
            low, high = compared.span
            self._ui.csaLabel.text = _(
                "Standard deviation across the {count} contrasts: {sd:.2f} mm² over the {length:.0f} mm that all show."
            ).format(count=len(curves), sd=compared.sd, length=high - low)
        elif len(curves) > 1:
            self._ui.csaLabel.text = _("These contrasts have no part of the cord in common.")
        else:
            self._ui.csaLabel.text = _("Tick more contrasts, or “all contrasts” under Show, to compare them.")

    def _fill_slices(self, curve: "CsaCurve") -> None:
        found = [index for index in range(len(curve.areas)) if curve.areas[index] == curve.areas[index]]
        rows = [
            (
                str(int(curve.slices[index])),
                _number(curve.heights[index]),
                _number(curve.distances[index]),
                _number(curve.areas[index]),
            )
            for index in reversed(found)
        ]
        fill(self._ui.csaTable, [_("Slice"), _("Height [mm]"), _("From top [mm]"), _("CSA [mm²]")], rows)


def _fit_height(table: Any) -> None:
    """Make a table no higher than its rows and its header, and let it scroll where there are many."""
    rows = sum(table.rowHeight(row) for row in range(table.rowCount))
    table.setFixedHeight(min(rows + table.rowHeight(0) + 6, _MOST_HEIGHT))


def _let_names_give_way(table: Any) -> None:
    """Cut long names rather than the numbers behind them."""
    header = table.horizontalHeader()
    header.setStretchLastSection(False)
    for column in range(1, table.columnCount):
        header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents)
    header.setSectionResizeMode(0, qt.QHeaderView.Stretch)


def _paint(item: Any, colour: tuple[float, float, float] | None) -> None:
    """Put the colour of a line before its name."""
    if colour:
        patch = qt.QPixmap(_PATCH, _PATCH)
        patch.fill(qt.QColor(*(round(255 * part) for part in colour)))
        item.setIcon(qt.QIcon(patch))


def _number(value: float) -> str:
    return f"{value:.1f}" if value == value else "–"


def fill(table: Any, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write texts into a table widget; numbers stand to the right."""
    table.visible = True
    table.setColumnCount(len(titles))
    table.setHorizontalHeaderLabels(list(titles))
    table.setRowCount(len(rows))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            if column and text[:1] in "0123456789-–":
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            table.setItem(row, column, item)
    table.verticalHeader().hide()
    table.resizeColumnsToContents()
    table.resizeRowsToContents()
    table.horizontalHeader().setStretchLastSection(True)
