"""SoftCordSeg step by step: its width in every state and theme, marks, views, brush, patients, scenes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import qt
import slicer
from steps import OUT, add_case, add_soft, check, drive, no_errors, open_module, picture, pump, text_of, tube, world

WIDTH = 420


def fits(module, name):
    """Show the panel at 420 px, keep a picture and see that nothing of it is cut."""
    content = module.parent
    panel = slicer.util.mainWindow().findChild(qt.QDockWidget, "PanelDockWidget")
    slicer.util.mainWindow().resizeDocks([panel], [WIDTH + panel.width - content.width], qt.Qt.Horizontal)
    pump(0.3)
    need = content.minimumSizeHint.width()
    check(f"{name}: fits {WIDTH} px (wants {need})", need <= WIDTH)
    for kind in (qt.QPushButton, qt.QCheckBox):
        for child in module.parent.findChildren(kind):
            if child.isVisible() and child.text and child.width < child.minimumSizeHint.width():
                check(f"{name}: {child.text} is not cut ({child.width} of {child.minimumSizeHint.width()})", False)
    picture(content, name.replace(" ", "_"))


def every_state(tag):
    """Go through the steps of a case as a person does."""
    module = open_module("SoftCordSeg")
    ui = module.ui
    for fold in module.parent.findChildren("ctkCollapsibleButton"):
        fold.collapsed = fold.text in ("Show", "Measure the area", "Help && Acknowledgement", "Reload && Test")
    ui.tabWidget.currentIndex = 0
    fits(module, f"{tag} 0 patient")
    image, soft = add_case("sub-01_T2w")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume = image
    pump(0.3)
    ui.tabWidget.currentIndex = 1
    fits(module, f"{tag} 1 segment")
    parameters.softMap = soft
    pump(0.3)
    ui.tabWidget.currentIndex = 2
    ui.makeSegmentButton.click()
    pump(0.7)
    fits(module, f"{tag} 2 correct")
    picture(slicer.util.mainWindow(), f"{tag}_window".replace(" ", "_"))
    ui.displayCollapsibleButton.collapsed = ui.csaCollapsibleButton.collapsed = False
    fits(module, f"{tag} 2 correct unfolded")
    ui.displayCollapsibleButton.collapsed = ui.csaCollapsibleButton.collapsed = True
    ui.datasetPathLineEdit.currentPath = str(OUT / f"dataset {tag}")
    ui.authorLineEdit.text = "A. Reader"
    module.dataset.update()
    ui.tabWidget.currentIndex = 3
    fits(module, f"{tag} 3 save")
    ui.saveButton.click()
    pump(60, lambda: not module.dataset.controls.busy)
    ui.tabWidget.currentIndex = 4
    fits(module, f"{tag} 4 next")
    no_errors(tag)


def in_light():
    every_state("light")


def in_dark():
    before = qt.QPalette(slicer.app.palette())
    dark = qt.QPalette(before)
    for role, grey in (
        (qt.QPalette.Window, 50),
        (qt.QPalette.Base, 35),
        (qt.QPalette.AlternateBase, 45),
        (qt.QPalette.Button, 60),
        (qt.QPalette.Text, 235),
        (qt.QPalette.WindowText, 235),
        (qt.QPalette.ButtonText, 235),
    ):
        dark.setColor(role, qt.QColor(grey, grey, grey))
    slicer.app.setPalette(dark)
    every_state("dark")
    slicer.app.setPalette(before)


def at_12_points():
    font = slicer.app.font()
    before = font.pointSize()
    font.setPointSize(12)
    slicer.app.setFont(font)
    every_state("12 points")
    font.setPointSize(before)
    slicer.app.setFont(font)


def click_in(view, place):
    """Click with the mouse at a place (RAS) that the view goes to."""
    import vtk

    widget = slicer.app.layoutManager().sliceWidget(view)
    widget.mrmlSliceNode().JumpSliceByCentering(*place)
    pump(0.5)
    inverse = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(widget.mrmlSliceNode().GetXYToRAS(), inverse)
    x, y = (round(c) for c in inverse.MultiplyPoint((*place, 1))[:2])
    slicer.util.clickAndDrag(widget, start=(x, y), end=(x, y), steps=1)
    pump(0.5)


def a_click_shows_the_cord():
    """Where no cord was answered the panel says what to do, and one click segments it."""
    from crosscontrast.cord.phantom import CordPhantom
    from crosscontrast.scene.images import add_volume

    image = add_volume(slicer.mrmlScene, CordPhantom(size=(64, 64, 40), spacing=(1.0, 1.0, 2.0)).image("T2w"), "T2w")
    module = open_module("SoftCordSeg")
    ui, parameters = module.ui, module.logic.getParameterNode()
    parameters.inputVolume = image
    values = np.zeros(slicer.util.arrayFromVolume(image).shape, np.float32)
    empty = slicer.modules.volumes.logic().CloneVolume(image, "T2w soft cord")
    slicer.util.updateVolumeFromArray(empty, values)
    from crosscontrast.scene.results import SOURCE_ROLE
    from crosscontrast.scene.soft_map import mark_soft_map

    mark_soft_map(empty)
    empty.SetNodeReferenceID(SOURCE_ROLE, image.GetID())
    parameters.softMap = empty
    pump(0.3)
    ui.tabWidget.currentIndex = 1
    check(f"the panel says what to do: {ui.adviceLabel.text}", "One click shows it" in ui.adviceLabel.text)
    fits(module, "no cord")
    bounds = [0.0] * 6
    image.GetRASBounds(bounds)
    middle = [(bounds[2 * axis] + bounds[2 * axis + 1]) / 2 for axis in range(3)]
    ui.hereButton.click()
    pump(0.3)
    check("the button waits for the click", ui.hereButton.checked)
    click_in("Red", middle)
    check("a run begins", module.controls.busy)
    pump(180, lambda: not module.controls.busy)
    print("     ", ui.statusLabel.text.replace("\n", " "))
    found = parameters.softMap
    check("a cord is found", found is not None and slicer.util.arrayFromVolume(found).max() > 0.9)
    check("the empty answer is gone", empty.GetScene() is None)
    check("the panel goes on to Correct", ui.tabWidget.currentIndex == 2)
    check(f"marks: {ui.marksLabel.text}", "1 in the cord" in ui.marksLabel.text)
    no_errors("a click")


def views():
    """A correction begins in its own layout, at the cord, in whole slices; the key goes to doubtful ones."""
    image, soft = add_case()
    values = slicer.util.arrayFromVolume(soft)
    values[11] *= 0.4
    slicer.util.arrayFromVolumeModified(soft)
    module = open_module("SoftCordSeg")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume, parameters.softMap = image, soft
    pump(0.3)
    module.views._laid_out = False
    module.ui.makeSegmentButton.click()
    pump(1)
    layouts = slicer.app.layoutManager()
    shown = [name for name in layouts.sliceViewNames() if layouts.sliceWidget(name).isVisible()]
    check(f"axial and sagittal are seen ({shown})", sorted(shown) == ["Red", "Yellow"])
    red, yellow = (layouts.sliceWidget(name) for name in ("Red", "Yellow"))
    check(f"the axial one is larger ({red.width}, {yellow.width})", red.width > 1.3 * yellow.width)
    check(
        f"the slice that stands out: {module.ui.doubtfulLabel.text}",
        module.ui.doubtfulLabel.text.startswith("Slice 11 "),
    )
    node = red.mrmlSliceNode()
    place = np.array([node.GetSliceToRAS().GetElement(row, 3) for row in range(3)])
    normal = np.array([node.GetSliceToRAS().GetElement(row, 2) for row in range(3)])
    off = abs(normal @ (place - world(soft, (26, 22, 11))))
    check(f"the axial view shows this slice and no place between two ({off:.2f} mm off)", off < 0.1)
    check(f"at the cord's size ({node.GetFieldOfView()[1]:.0f} mm)", node.GetFieldOfView()[1] < 70)
    check("each voxel looks as it is", not soft.GetDisplayNode().GetInterpolate())
    picture(layouts.viewport(), "correction_layout")
    manager = red.sliceView().displayableManagerByClassName("vtkMRMLColorLegendDisplayableManager")
    legends = slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")
    actors = [actor for actor in map(manager.GetColorLegendActor, legends) if actor is not None]
    sizes = [actor.GetTitleTextProperty().GetFontSize() for actor in actors]
    check(f"the title of a legend is no larger than 18 px ({sizes})", bool(sizes) and max(sizes) <= 18)
    key = next(s for s in slicer.util.mainWindow().findChildren("QShortcut") if s.key.toString() == "D")
    before = module.ui.doubtfulLabel.text
    key.activated()
    pump(0.3)
    check(f"D goes on: {module.ui.doubtfulLabel.text}", module.ui.doubtfulLabel.text != before or "of 1)" in before)


def brush():
    """The brush has a circle, is put down for other tasks of the mouse and acts in views that come later."""
    image, soft = add_case()
    module = open_module("SoftCordSeg")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume, parameters.softMap = image, soft
    pump(0.3)
    module.ui.makeSegmentButton.click()
    pump(0.5)
    module.ui.brushButton.click()
    widget = slicer.app.layoutManager().sliceWidget("Red")
    interactor = widget.sliceView().interactor()
    interactor.SetEventInformation(widget.width // 2, widget.height // 2)
    interactor.InvokeEvent("MouseMoveEvent")
    circles = module.correcting._brush._circles.circles
    check("there is a circle", sum(circle.shown for circle in circles) == 1)
    picture(slicer.app.layoutManager().viewport(), "brush_circle")
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView)
    pump(1)
    views = len(slicer.app.layoutManager().sliceViewNames())
    circles = module.correcting._brush._circles.circles
    check(f"in all views, also those of a new layout ({len(circles)} of {views})", len(circles) == views)
    mode = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLInteractionNode")
    mode.SetCurrentInteractionMode(mode.AdjustWindowLevel)
    pump(0.2)
    check("window and level put it down", not module.ui.brushButton.checked)
    mode.SetCurrentInteractionMode(mode.ViewTransform)


def patients_and_scenes():
    """Results lie in the patient's folder; another patient's map is not shown; a scene opens with its opacity."""
    from crosscontrast.scene.results import load_soft_map

    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    image, _ = add_case("sub-01_T2w")
    patient = tree.CreateSubjectItem(tree.GetSceneItemID(), "Doe")
    study = tree.CreateStudyItem(patient, "MR")
    tree.SetItemParent(tree.GetItemByDataNode(image), study)
    add_case("sub-02_T2w")
    more = slicer.modules.volumes.logic().CloneVolume(image, "sub-01_T1w")
    tree.SetItemParent(tree.GetItemByDataNode(more), study)
    add_soft(more, "sub-01_T1w soft cord")
    slicer.util.saveNode(slicer.util.addVolumeFromArray(tube(), name="t"), str(OUT / "soft.nrrd"))
    soft = load_soft_map(slicer.mrmlScene, OUT / "soft.nrrd", "sub-01_T2w soft cord", image)
    check("the result lies beside its image", tree.GetItemParent(tree.GetItemByDataNode(soft)) == study)
    module = open_module("SoftCordSeg")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume, parameters.softMap, parameters.allMaps = image, soft, True
    parameters.opacity = 0.35
    pump(0.5)
    shown = [node.GetName() for node in module.display.maps(parameters)]
    own = "sub-01_T1w soft cord" in shown and all(name.startswith("sub-01") for name in shown)
    check(f"all contrasts are of this patient ({shown})", own)
    module.ui.makeSegmentButton.click()
    pump(0.5)
    segmentation = module.correcting.correction.segmentation
    check("the segment too", tree.GetItemParent(tree.GetItemByDataNode(segmentation)) == study)
    check("the scene is saved", slicer.util.saveScene(str(OUT / "two.mrb")))
    slicer.util.selectModule("Data")
    slicer.mrmlScene.Clear(0)
    pump(0.5)
    slicer.util.loadScene(str(OUT / "two.mrb"))
    pump(1)
    view = slicer.app.layoutManager().sliceWidget("Red").sliceLogic().GetSliceCompositeNode()
    strengths = [round(view.GetForegroundOpacity(), 2), round(view.GetNthLayerOpacity(3), 2)]
    check(f"the layers are as opaque as they were ({strengths})", strengths == [0.35, 0.35])
    print("     ", text_of(module.ui.runButton))


def another_input():
    """Another input volume is shown, with the map that was made of it."""
    image, soft = add_case("one")
    second, _ = add_case("two")
    third = slicer.modules.volumes.logic().CloneVolume(image, "three")
    module = open_module("SoftCordSeg")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume, parameters.softMap = image, soft
    pump(0.3)
    view = slicer.app.layoutManager().sliceWidget("Red").sliceLogic().GetSliceCompositeNode()
    for chosen, name in ((second, "two soft cord"), (third, None), (image, soft.GetName())):
        module.ui.inputSelector.setCurrentNode(chosen)
        pump(0.3)
        check(f"{chosen.GetName()} is shown", view.GetBackgroundVolumeID() == chosen.GetID())
        now = parameters.softMap.GetName() if parameters.softMap else None
        check(f"with its own map ({now})", now == name)


drive([a_click_shows_the_cord, views, brush, patients_and_scenes, another_input, in_light, in_dark, at_12_points])
