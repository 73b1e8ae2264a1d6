"""Every panel opens without an error, fits 420 px at 9 and at 12 points, and its keys act."""

import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent))

import qt
import slicer
from steps import OUT, add_case, check, drive, no_errors, open_module, picture, pump

MODULES = ("CrossContrast", "SoftCordSeg", "SynthSeg", "RadiomicsCompare")
WIDTH = 420


def wide(root):
    """Return the largest least width below a widget and who asks for it."""
    found = []
    for child in root.findChildren(qt.QWidget):
        if child.isVisible() and not child.isWindow():
            need = max(child.minimumSizeHint.width(), child.minimumWidth)
            found.append((need, child.objectName or child.className()))
    return sorted(found, reverse=True)[:6]


def check_width(module, name):
    """Show a panel at 420 px and see whether its contents want more."""
    content = module.parent
    need = content.minimumSizeHint.width()
    check(f"{name}: fits {WIDTH} px (wants {need})", need <= WIDTH)
    if need > WIDTH:
        print("      ", [entry for entry in wide(content) if entry[0] > 300])
    panel = slicer.util.mainWindow().findChild(qt.QDockWidget, "PanelDockWidget")
    slicer.util.mainWindow().resizeDocks([panel], [WIDTH + panel.width - content.width], qt.Qt.Horizontal)
    pump(0.2)
    picture(content, name.replace(" ", "_"))


def open_all(points):
    """Open every module and every tab of it."""
    font = slicer.app.font()
    font.setPointSize(points)
    slicer.app.setFont(font)
    add_case()
    for name in MODULES:
        module = open_module(name)
        pump(0.3)
        no_errors(f"{name} opens")
        for button in module.parent.findChildren("ctkCollapsibleButton"):
            button.collapsed = False
        tabs = getattr(module.ui, "tabWidget", None) if hasattr(module, "ui") else None
        for index in range(tabs.count if tabs else 1):
            if tabs:
                tabs.currentIndex = index
                pump(0.2)
            check_width(module, f"{name} {index} at {points} points")


def panels_at_9_points():
    open_all(9)


def panels_at_12_points():
    open_all(12)


def wide_results():
    """The picture of feature maps and the samples of a training keep the panel as wide as it is."""
    image, _soft = add_case()
    module = open_module("SynthSeg")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume = image
    pixmap = qt.QPixmap(1380, 900)
    pixmap.fill(qt.QColor("gray"))
    wide_picture = OUT / "pictures_000100.png"
    pixmap.save(str(wide_picture))
    slicer.util.saveNode(image, str(OUT / "map.nrrd"))
    _translate, _segment, training, features, _cleanse = module.pages
    features.source = image.GetID()
    features.take(parameters, SimpleNamespace(layer="enc 1", maps={"m": [OUT / "map.nrrd"]}, picture=wide_picture))
    module.ui.trainingPathLineEdit.currentPath = str(OUT)
    training._show_curves()
    for index in (2, 3):
        module.ui.tabWidget.currentIndex = index
        pump(0.3)
        check_width(module, f"SynthSeg {index} with pictures")


def keys():
    """The shortcuts of SoftCordSeg are there while it is open, and only then."""
    image, soft = add_case()
    main = slicer.util.mainWindow()

    def known():
        return {shortcut.key.toString() for shortcut in main.findChildren("QShortcut")}

    open_module("SoftCordSeg")
    wanted = {"Ctrl+Shift+S", "Ctrl+Shift+N", "Ctrl+Shift+B", "Ctrl+Shift+D", "Ctrl+Z", "Ctrl+Y"}
    check(f"all keys are there (missing: {wanted - known()})", wanted <= known())
    module = slicer.modules.SoftCordSegWidget
    parameters = module.logic.getParameterNode()
    parameters.inputVolume, parameters.softMap = image, soft
    pump(0.3)
    module.ui.makeSegmentButton.click()
    pump(0.5)
    brush = next(s for s in main.findChildren("QShortcut") if s.key.toString() == "Ctrl+Shift+B")
    brush.activated()
    pump(0.3)
    check("Ctrl+Shift+B takes the brush", module.ui.brushButton.checked)
    slicer.util.selectModule("Data")
    pump(0.3)
    check("none is left when the module is left", not known() & {"Ctrl+Shift+B"})


drive([panels_at_9_points, panels_at_12_points, wide_results, keys])
