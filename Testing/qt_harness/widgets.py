"""Stand-ins for the ctk and qMRML widgets that our panels use, with the part of their interface that is used."""
# ruff: noqa: N801 - the names are those of ctk and qMRML

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Qt, Signal

#: What Slicer's own Segment Editor wants at least, and the side of a button with a picture only, in pixels.
_EDITOR_WIDTH, _TOOL_WIDTH = 346, 28


def _kept(kind: Any, name: str, default: Any, changed: str = "") -> Property:
    """A Qt property that only keeps its value, and calls the method ``changed`` when it is set."""

    def write(self: Any, value: Any) -> None:
        vars(self)[f"_{name}"] = value
        if changed:
            getattr(self, changed)()

    return Property(kind, lambda self: vars(self).get(f"_{name}", default), write)


class ctkCollapsibleButton(QtWidgets.QGroupBox):
    """A box that is only as high as its title when ``collapsed``; what its content shows or hides is kept."""

    text = Property(str, lambda self: self.title, lambda self, value: self.setTitle(value))
    collapsed = _kept(bool, "collapsed", False, "_show_content")

    def _show_content(self) -> None:
        self.setMaximumHeight(24 if self.collapsed else 16_777_215)


class ctkSliderWidget(QtWidgets.QWidget):
    """A slider and a spin box for one number."""

    valueChanged = Signal(float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._slider, self._box = QtWidgets.QSlider(Qt.Orientation.Horizontal), QtWidgets.QDoubleSpinBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._box)
        self._slider.setRange(0, 1000)
        self._box.valueChanged.connect(self._follow_box)
        self._slider.sliderMoved.connect(self._follow_slider)

    def _follow_box(self, value: float) -> None:
        span = self._box.maximum - self._box.minimum
        self._slider.setValue(round(1000 * (value - self._box.minimum) / span) if span else 0)
        self.valueChanged.emit(value)

    def _follow_slider(self, position: int) -> None:
        self._box.setValue(self._box.minimum + (self._box.maximum - self._box.minimum) * position / 1000)

    value = Property(float, lambda self: self._box.value, lambda self, value: self._box.setValue(value))
    minimum = Property(float, lambda self: self._box.minimum, lambda self, value: self._box.setMinimum(value))
    maximum = Property(float, lambda self: self._box.maximum, lambda self, value: self._box.setMaximum(value))
    singleStep = Property(float, lambda self: self._box.singleStep, lambda self, value: self._box.setSingleStep(value))
    suffix = Property(str, lambda self: self._box.suffix, lambda self, value: self._box.setSuffix(value))
    decimals = Property(int, lambda self: self._box.decimals, lambda self, value: self._box.setDecimals(value))


class ctkPathLineEdit(QtWidgets.QWidget):
    """A line for a path."""

    Dirs, Files, Readable, Writable = 0x01, 0x02, 0x10, 0x20
    currentPathChanged = Signal(str)
    filters = _kept(int, "filters", 0)
    nameFilters = _kept("QStringList", "nameFilters", [])

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._line = QtWidgets.QLineEdit()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line)
        self._line.textChanged.connect(self.currentPathChanged)

    currentPath = Property(str, lambda self: self._line.text, lambda self, value: self._line.setText(value))


class qMRMLWidget(QtWidgets.QWidget):
    """The outermost widget of a panel, which passes the scene on."""

    mrmlSceneChanged = Signal(object)

    def setMRMLScene(self, scene: Any) -> None:
        """Take the scene. In Slicer the .ui file's connections pass it on; a test reads those."""
        for child in self.findChildren(qMRMLNodeComboBox):
            child.setMRMLScene(scene)
        self.mrmlSceneChanged.emit(scene)


class ModuleHost(qMRMLWidget):
    """What Slicer puts a scripted module's panel into."""

    isEntered = _kept(bool, "isEntered", False)


class _NodeFilter(QtCore.QObject):
    """``qMRMLSortFilterProxyModel``: what of the scene a selector offers."""

    def __init__(self, changed: Any) -> None:
        super().__init__()
        self._changed = changed

    hiddenNodeIDs = _kept("QStringList", "hiddenNodeIDs", [], "_tell")

    def _tell(self) -> None:
        self._changed()


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """Chooses a node of a scene. Without ``noneEnabled`` the first node that fits is chosen, as in Slicer."""

    currentNodeChanged = Signal(object)
    nodeTypes = _kept("QStringList", "nodeTypes", [], "_refresh")
    showChildNodeTypes = _kept(bool, "showChildNodeTypes", True, "_refresh")
    noneEnabled = _kept(bool, "noneEnabled", False, "_refresh")
    noneDisplay = _kept(str, "noneDisplay", "None", "_refresh")
    addEnabled = _kept(bool, "addEnabled", True)
    removeEnabled = _kept(bool, "removeEnabled", True)
    renameEnabled = _kept(bool, "renameEnabled", False)
    baseName = _kept(str, "baseName", "")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._tags: list[int] = []
        self._ids: list[str] = []
        self._attributes: list[tuple[str, str, str]] = []
        self._filter = _NodeFilter(self._refresh)
        self._told: Any = None
        self._box = QtWidgets.QComboBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.currentIndexChanged.connect(self._tell)

    def setMRMLScene(self, scene: Any) -> None:
        """Offer the nodes of ``scene`` and follow it."""
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene = scene
        events = (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent) if scene else ()
        self._tags = [scene.AddObserver(event, lambda *_: self._refresh()) for event in events]
        self._refresh()

    def addAttribute(self, node_type: str, name: str, value: str) -> None:
        """Offer nodes of a type only if an attribute has this value."""
        self._attributes.append((node_type, name, value))
        self._refresh()

    def sortFilterProxyModel(self) -> "_NodeFilter":
        """Return the model that says which nodes are offered."""
        return self._filter

    def currentNode(self) -> Any:
        """Return the node chosen, or None."""
        index = self._box.currentIndex
        return self._scene.GetNodeByID(self._ids[index]) if self._scene and 0 <= index < len(self._ids) else None

    def setCurrentNode(self, node: Any) -> None:
        """Choose a node, or with None nothing."""
        wanted = node.GetID() if node else ""
        self._fill()  # its attributes may have changed, which sends no event to the scene
        self._choose(self._ids.index(wanted) if wanted in self._ids else -1)

    def _fits(self, node: Any) -> bool:
        if not any(node.IsA(t) if self.showChildNodeTypes else node.GetClassName() == t for t in self.nodeTypes):
            return False
        wanted = [(name, value) for node_type, name, value in self._attributes if node.IsA(node_type)]
        hidden = node.GetHideFromEditors() or node.GetID() in self._filter.hiddenNodeIDs
        return not hidden and all(node.GetAttribute(name) == value for name, value in wanted)

    def _refresh(self) -> None:
        if self._scene is None:
            return
        current = self.currentNode()
        self._fill()
        kept = current.GetID() if current else ""
        self._choose(self._ids.index(kept) if kept in self._ids else 0)

    def _fill(self) -> None:
        nodes = [self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes())]
        fitting = [node for node in nodes if self._fits(node)]
        blocked = self._box.blockSignals(True)
        self._box.clear()
        self._ids = ([""] if self.noneEnabled else []) + [node.GetID() for node in fitting]
        self._box.addItems(([self.noneDisplay] if self.noneEnabled else []) + [node.GetName() for node in fitting])
        self._box.blockSignals(blocked)

    def _choose(self, index: int) -> None:
        blocked = self._box.blockSignals(True)
        self._box.setCurrentIndex(index)
        self._box.blockSignals(blocked)
        self._tell()

    def _tell(self) -> None:
        node = self.currentNode()
        if node is not self._told:
            self._told = node
            self.currentNodeChanged.emit(node)


class qMRMLCheckableNodeComboBox(qMRMLNodeComboBox):
    """Chooses any number of nodes."""

    checkedNodesChanged = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._checked: set[str] = set()

    def checkState(self, node: Any) -> Any:
        """Return whether a node is chosen."""
        there = node.GetID() in self._ids and node.GetID() in self._checked
        return Qt.CheckState.Checked if there else Qt.CheckState.Unchecked

    def setCheckState(self, node: Any, state: Any) -> None:
        """Choose a node or not."""
        before = set(self._checked)
        (self._checked.add if state == Qt.CheckState.Checked else self._checked.discard)(node.GetID())
        if before != self._checked:
            self.checkedNodesChanged.emit()


class qMRMLSegmentEditorWidget(qMRMLWidget):
    """The Segment Editor: shows which tools it offers, and keeps what it is asked to edit in its parameter node."""

    undoEnabled = _kept(bool, "undoEnabled", True)
    unorderedEffectsVisible = _kept(bool, "unorderedEffectsVisible", True)
    segmentationNodeSelectorVisible = _kept(bool, "segmentationNodeSelectorVisible", True)
    sourceVolumeNodeSelectorVisible = _kept(bool, "sourceVolumeNodeSelectorVisible", True)
    switchToSegmentationsButtonVisible = _kept(bool, "switchToSegmentationsButtonVisible", True)
    addRemoveSegmentButtonsVisible = _kept(bool, "addRemoveSegmentButtonsVisible", True)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node: Any = None
        self._observing = False
        self._row = QtWidgets.QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.setMinimumWidth(_EDITOR_WIDTH)

    def setEffectNameOrder(self, names: list[str]) -> None:
        """Offer these tools."""
        for name in names:
            button = QtWidgets.QPushButton(name, self)
            button.setFixedWidth(_TOOL_WIDTH)
            button.clicked.connect(lambda _checked=False, name=name: self._node.SetActiveEffectName(name))
            self._row.addWidget(button)

    def setMaximumNumberOfUndoStates(self, number: int) -> None:
        """Allow so many steps back."""
        assert number > 0

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        """Keep all choices in this node."""
        assert node is None or node.IsA("vtkMRMLSegmentEditorNode")
        self._node = node

    def setSegmentationNode(self, node: Any) -> None:
        """Edit a segmentation; its first segment is chosen."""
        if self._node is None:
            assert node is None
            return
        # As in Slicer the same node again changes nothing: a segment that is gone stays the one that is chosen.
        if node is self._node.GetSegmentationNode():
            return
        self._node.SetAndObserveSegmentationNode(node)
        if node is not None:
            self._node.SetSelectedSegmentID(node.GetSegmentation().GetNthSegmentID(0))

    def setSourceVolumeNode(self, node: Any) -> None:
        """Edit over this volume."""
        self._node.SetAndObserveSourceVolumeNode(node)

    def setCurrentSegmentID(self, identifier: str) -> None:
        """Choose the segment that is edited."""
        assert self._node.GetSegmentationNode().GetSegmentation().GetSegment(identifier) is not None
        self._node.SetSelectedSegmentID(identifier)

    def setActiveEffect(self, effect: None) -> None:
        """Put the tool down."""
        assert effect is None
        if self._node is not None:
            self._node.SetActiveEffectName("")

    def setActiveEffectByName(self, name: str) -> None:
        """Take a tool."""
        self._node.SetActiveEffectName(name)

    def setupViewObservations(self) -> None:
        """Act on the mouse in the views."""
        self._observing = True

    def removeViewObservations(self) -> None:
        """Do not."""
        self._observing = False

    def updateWidgetFromMRML(self) -> None:
        """Show what the node says."""


class qMRMLPlotWidget(qMRMLWidget):
    """Draws the lines of the chart that its view node names, from the real tables."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._view: Any = None

    def setMRMLScene(self, scene: Any) -> None:
        """Take the scene."""
        self._scene = scene

    def setMRMLPlotViewNode(self, node: Any) -> None:
        """Show what this view node asks for."""
        assert node is None or node.IsA("vtkMRMLPlotViewNode")
        self._view = node
        self.update()

    def _lines(self) -> list[tuple[str, tuple[float, float, float], list[tuple[float, float]]]]:
        chart = self._view.GetPlotChartNode() if self._view else None
        lines = []
        for index in range(chart.GetNumberOfPlotSeriesNodes() if chart else 0):
            series = chart.GetNthPlotSeriesNode(index)
            table = series.GetTableNode().GetTable()
            xs, ys = (table.GetColumnByName(name) for name in (series.GetXColumnName(), series.GetYColumnName()))
            points = [(xs.GetValue(row), ys.GetValue(row)) for row in range(table.GetNumberOfRows())]
            lines.append((series.GetName(), series.GetColor(), points))
        return lines

    def paintEvent(self, event: Any) -> None:
        """Draw."""
        lines, painter = self._lines(), QtGui.QPainter(self)
        painter.fillRect(self.rect, QtGui.QColor("white"))
        points = [point for _, _, line in lines for point in line]
        if not points:
            return
        xs, ys = zip(*points, strict=True)
        width, height, margin = self.width, self.height, 34
        span_x, top = (max(xs) - min(xs)) or 1, max(ys) * 1.1 or 1
        painter.drawRect(margin, 8, width - margin - 8, height - margin - 8)
        painter.drawText(2, 18, f"{top:.0f}")
        painter.drawText(margin, height - 8, f"{min(xs):.0f} ... {max(xs):.0f} mm")
        for row, (name, colour, line) in enumerate(lines):
            painter.setPen(QtGui.QPen(QtGui.QColor.fromRgbF(*colour), 2))
            where = [
                QtCore.QPointF(
                    margin + (x - min(xs)) / span_x * (width - margin - 8),
                    8 + (1 - y / top) * (height - margin - 8),
                )
                for x, y in line
            ]
            painter.drawPolyline(where)
            painter.drawText(margin + 8, height - margin - 10 - 14 * row, name)


CTK = (ctkCollapsibleButton, ctkSliderWidget, ctkPathLineEdit)
MRML = (
    qMRMLWidget,
    qMRMLNodeComboBox,
    qMRMLCheckableNodeComboBox,
    qMRMLSegmentEditorWidget,
    qMRMLPlotWidget,
)
