"""The part of the application Slicer that our modules touch, and opening a module's panel in it."""

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("CrossContrast", "SoftCordSeg", "SynthSeg", "RadiomicsCompare")


class _ModuleManager:
    def connect(self, signal: str, slot: Callable[[str], None]) -> None:
        assert signal == "moduleAboutToBeUnloaded(QString)"

    def disconnect(self, signal: str, slot: Callable[[str], None]) -> None:
        assert signal == "moduleAboutToBeUnloaded(QString)"


class _SliceLogic:
    """Moves nothing: the real one needs layers, and crashes without."""

    snapped = 0

    def SnapSliceOffsetToIJK(self) -> None:
        self.snapped += 1


class _SliceWidget:
    """A slice view: a real node and a real interactor, and no picture."""

    def __init__(self, name: str) -> None:
        import vtk

        self._name = name
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._logic = _SliceLogic()

    def sliceView(self) -> "_SliceWidget":
        return self

    def interactor(self) -> Any:
        return self._interactor

    def sliceLogic(self) -> "_SliceLogic":
        return self._logic

    def mrmlSliceNode(self) -> Any:
        import slicer

        node = slicer.mrmlScene.GetSingletonNode(self._name, "vtkMRMLSliceNode")
        if node is None:
            node = slicer.vtkMRMLSliceNode()
            node.SetSingletonTag(self._name)
            node.SetLayoutName(self._name)
            node = slicer.mrmlScene.AddNode(node)
            node.SetDimensions(100, 100, 1)
            node.SetFieldOfView(100, 100, 1)
        return node


class _LayoutManager:
    """The slice views by name."""

    def __init__(self, qt: ModuleType) -> None:
        self._signals = type("_Signals", (qt.QObject,), {"layoutChanged": qt.Signal(int)})()
        self.layoutChanged = self._signals.layoutChanged
        self._views = {name: _SliceWidget(name) for name in ("Red", "Green", "Yellow")}

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(self._views)

    def sliceWidget(self, name: str) -> _SliceWidget:
        return self._views[name]

    def resetSliceViews(self) -> None:
        """Fit nothing: these views have no logic."""


class _Application:
    """``slicer.app``. It says that it is being tested, so message boxes become log entries."""

    applicationName = "Slicer"

    def __init__(self, qt: ModuleType) -> None:
        self.qt = qt
        self._folder = tempfile.TemporaryDirectory(prefix="qt-harness-")
        self.temporaryPath = self._folder.name
        self._layouts = _LayoutManager(qt)

    def moduleManager(self) -> _ModuleManager:
        return _ModuleManager()

    def testingEnabled(self) -> bool:
        return True

    def translate(self, context: str, text: str) -> str:
        return text

    def setOverrideCursor(self, cursor: Any) -> None:
        self.qt.QApplication.setOverrideCursor(cursor)

    def layoutManager(self) -> "_LayoutManager":
        return self._layouts

    def restoreOverrideCursor(self) -> None:
        self.qt.QApplication.restoreOverrideCursor()

    def processEvents(self) -> None:
        self.qt.QApplication.processEvents()


@dataclass
class _Parent:
    """What a module describes itself to."""

    path: str
    title: str = ""
    categories: list[str] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)
    contributors: list[str] = field(default_factory=list)
    helpText: str = ""
    acknowledgementText: str = ""
    icon: Any = None


def start() -> Any:
    """Turn this process into something like Slicer, once, and return the module ``slicer``."""
    if "qt" in sys.modules:
        return sys.modules["slicer"]
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from qt_harness import widgets
    from qt_harness.pythonqt import make_qt

    sys.modules["qt"] = qt = make_qt()
    sys.modules["ctk"] = ctk = ModuleType("ctk")
    import slicer

    slicer.qtApplication = qt.QApplication(["qt_harness"])
    qt.QApplication.setApplicationName("qt_harness")
    for module, classes in ((ctk, widgets.CTK), (slicer, widgets.MRML)):
        for cls in classes:
            setattr(module, cls.__name__, cls)
    _teach_the_ui_loader(qt, widgets)
    slicer.app = _Application(qt)
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, slicer.app.temporaryPath)
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    slicer.modules = SimpleNamespace()
    _make_scene(slicer)
    _add_slicers_python(slicer, ctk)
    sys.path[:0] = [str(ROOT / name) for name in MODULES]
    return slicer


def _teach_the_ui_loader(qt: ModuleType, widgets: ModuleType) -> None:
    class Loader(qt.QUiLoader):
        def __init__(self) -> None:
            super().__init__()
            for cls in (*widgets.CTK, *widgets.MRML):
                self.registerCustomWidget(cls)

    qt.QUiLoader = Loader


def _make_scene(slicer: Any) -> None:
    slicer.mrmlScene = scene = slicer.vtkMRMLScene()
    # The logics register the classes of segmentation and legend nodes; they must live as long as the scene.
    slicer.segmentationsLogic = slicer.vtkSlicerSegmentationsModuleLogic()
    slicer.colorLogic = slicer.vtkSlicerColorLogic()
    slicer.sequencesLogic = slicer.vtkSlicerSequencesLogic()
    application = slicer.vtkMRMLApplicationLogic()
    for logic in (slicer.segmentationsLogic, slicer.colorLogic, slicer.sequencesLogic):
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
    for node in (slicer.vtkMRMLSelectionNode(), slicer.vtkMRMLInteractionNode()):
        node.SetSingletonTag("Singleton")
        scene.AddNode(node)
    for colour in ("Red", "Green", "Yellow"):
        view = slicer.vtkMRMLSliceCompositeNode()
        view.SetSingletonTag(colour)
        view.SetLayoutName(colour)
        scene.AddNode(view)


def _add_slicers_python(slicer: Any, ctk: ModuleType) -> None:
    real = os.environ.get("SLICER_BASE_PYTHON")
    slicer.__path__.insert(0, str(Path(real) / "slicer" if real else Path(__file__).parent / "slicer_base"))
    if real:
        # It names widget classes that we do not use; they can be named, and nothing else.
        ctk.__getattr__ = slicer.__getattr__ = _nameable
    import slicer.util

    slicer.util.modulePath = lambda name: getattr(slicer.modules, name.lower()).path
    slicer.app.window = slicer.app.qt.QMainWindow()
    slicer.util.mainWindow = lambda: slicer.app.window


def _nameable(name: str) -> type:
    if not name.startswith(("ctk", "qMRML", "qSlicer")):
        raise AttributeError(name)
    return type(name, (), {"__new__": lambda cls, *_: (_ for _ in ()).throw(TypeError(f"{name} has no stand-in"))})


@dataclass
class Panel:
    """An open module: its Python module, its description, its panel and the widget that hosts that."""

    module: ModuleType
    parent: _Parent
    widget: Any
    host: Any

    @property
    def ui(self) -> Any:
        """The widgets by name."""
        return self.widget.ui

    def grab(self, path: Path, width: int = 460) -> None:
        """Save a picture of the panel."""
        height = max(self.host.sizeHint().height(), self.host.minimumSizeHint().height())
        self.host.resize(width, height)
        self.host.show()
        pump()
        assert self.host.grab().save(str(path))
        self.host.hide()

    def close(self) -> None:
        """Unload the module's panel."""
        if hasattr(self.widget, "exit"):
            self.widget.exit()
        self.widget.cleanup()
        self.host.setMRMLScene(None)
        self.host.deleteLater()
        pump()


def open_panel(name: str) -> Panel:
    """Import a module from this repository, build its panel and enter it."""
    slicer = start()
    path = ROOT / name / f"{name}.py"
    setattr(slicer.modules, name.lower(), SimpleNamespace(path=str(path)))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    parent = _Parent(str(path))
    getattr(module, name)(parent)
    from qt_harness.widgets import ModuleHost

    host = ModuleHost()
    host.setLayout(sys.modules["qt"].QVBoxLayout())
    widget = getattr(module, f"{name}Widget")(host)
    widget.setup()
    host.isEntered = True
    widget.enter()
    return Panel(module, parent, widget, host)


def pump(until: Callable[[], bool] = lambda: True, seconds: float = 60) -> bool:
    """Let Qt work until the condition holds; False if it did not within ``seconds``."""
    slicer, end = start(), time.monotonic() + seconds
    slicer.app.processEvents()
    while not until():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
        slicer.app.processEvents()
    return True
