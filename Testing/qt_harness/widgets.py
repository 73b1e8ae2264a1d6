"""Stand-ins for the ctk and qMRML widgets that our panels use, with the part of their interface that is used."""
# ruff: noqa: N801 - the names are those of ctk and qMRML

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Property, Qt, Signal


def _kept(kind: Any, name: str, default: Any, changed: str = "") -> Property:
    """A Qt property that only keeps its value, and calls the method ``changed`` when it is set."""

    def write(self: Any, value: Any) -> None:
        vars(self)[f"_{name}"] = value
        if changed:
            getattr(self, changed)()

    return Property(kind, lambda self: vars(self).get(f"_{name}", default), write)


class ctkCollapsibleButton(QtWidgets.QGroupBox):
    """A box that hides its content when ``collapsed``."""

    text = Property(str, lambda self: self.title, lambda self, value: self.setTitle(value))
    collapsed = _kept(bool, "collapsed", False, "_show_content")

    def _show_content(self) -> None:
        for child in self.findChildren(QtWidgets.QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            child.setVisible(not self.collapsed)


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
    decimals = Property(int, lambda self: self._box.decimals, lambda self, value: self._box.setDecimals(value))


class ctkPathLineEdit(QtWidgets.QWidget):
    """A line for a path."""

    Dirs, Files, Readable, Exists = 0x01, 0x02, 0x10, 0x0  # QDir's flags; Exists is a wish of the caller's only
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
        return not node.GetHideFromEditors() and all(node.GetAttribute(name) == value for name, value in wanted)

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


CTK = (ctkCollapsibleButton, ctkSliderWidget, ctkPathLineEdit)
MRML = (qMRMLWidget, qMRMLNodeComboBox)
