"""The correction of SoftCordSeg in the scene: under transforms, with sequences, over saving and opening of scenes."""

import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import slicer
from steps import (
    OUT,
    add_case,
    add_soft,
    add_transform,
    check,
    drive,
    errors,
    open_module,
    pump,
    stroke,
    text_of,
    world,
)


def begin(soft, image=None):
    """Open the module on a map and cut its segment."""
    module = open_module("SoftCordSeg")
    parameters = module.logic.getParameterNode()
    if image is not None:
        parameters.inputVolume = image
    parameters.softMap = soft
    pump(0.3)
    check("a segment can be made", module.ui.makeSegmentButton.enabled)
    module.ui.makeSegmentButton.click()
    pump(0.5)
    return module, module.correcting._editor.widget


def paint(editor, soft, ijk, to):
    """Paint from one voxel to another of the same slice; return indices (i, j, k) of the voxels that changed."""
    before = slicer.util.arrayFromVolume(soft).copy()
    editor.setActiveEffectByName("Paint")
    effect = editor.activeEffect()
    effect.setCommonParameter("BrushDiameterIsRelative", 0)
    effect.setCommonParameter("BrushAbsoluteDiameter", 5)
    effect.setCommonParameter("BrushSphere", 0)
    stroke("Red", [world(soft, ijk), world(soft, to)])
    editor.setActiveEffectByName("")
    pump(0.5)
    return np.argwhere(slicer.util.arrayFromVolume(soft) != before)[:, ::-1]


def scene_text(bundle):
    """Return the text of the scene in a bundle."""
    with zipfile.ZipFile(bundle) as files:
        (name,) = (name for name in files.namelist() if name.endswith(".mrml"))
        return files.read(name).decode()


def paint_under_transforms():
    """A stroke lands where it was drawn, in the slice in which it was drawn."""
    for name, motion in {"none": {}, "shift": {"shift": (30, -12, 7)}, "rotation": {"turn": 20}}.items():
        slicer.mrmlScene.Clear(0)
        image, soft = add_case()
        if motion:
            transform = add_transform(**motion)
            image.SetAndObserveTransformNodeID(transform.GetID())
        _module, editor = begin(soft, image)
        check(f"{name}: the map follows its image", soft.GetTransformNodeID() == image.GetTransformNodeID())
        slicer.app.layoutManager().sliceWidget("Red").sliceLogic().RotateSliceToLowestVolumeAxes()
        slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode().RotateToVolumePlane(image)
        start, stop = (36, 24, 8), (41, 30, 8)
        changed = paint(editor, soft, start, stop)
        check(f"{name}: the stroke changed the map ({len(changed)} voxels)", len(changed) > 10)
        if len(changed):
            middle = (world(soft, start) + world(soft, stop)) / 2
            far = max(np.linalg.norm(world(soft, ijk) - middle) for ijk in changed)
            slices = sorted(set(changed[:, 2].tolist()))
            check(f"{name}: within 10 mm of it ({far:.1f} mm)", far < 10)
            check(f"{name}: in its own slice ({slices})", slices == [8])


def moved_after_the_run():
    """A hardened motion of the image alone is seen before anything is saved."""
    image, soft = add_case()
    module, editor = begin(soft, image)
    check("something is painted", len(paint(editor, soft, (36, 24, 8), (41, 30, 8))) > 0)
    module.ui.datasetPathLineEdit.currentPath = str(OUT / "dataset")
    module.ui.authorLineEdit.text = "A. Reader"
    module.dataset.update()
    check("it can be saved", module.ui.saveButton.enabled)
    image.SetAndObserveTransformNodeID(add_transform(shift=(20, 0, 0)).GetID())
    image.HardenTransform()
    module.dataset.update()
    check("it cannot be saved once the image was moved", not module.ui.saveButton.enabled)
    print("     ", text_of(module.ui.saveButton))
    check("and why is said", "moved" in text_of(module.ui.saveButton))


def input_deleted():
    """A soft map is no image: it is neither offered as input nor stored as one."""
    image, soft = add_case()
    module, editor = begin(soft, image)
    paint(editor, soft, (36, 24, 8), (41, 30, 8))
    module.ui.datasetPathLineEdit.currentPath = str(OUT / "dataset")
    module.ui.authorLineEdit.text = "A. Reader"
    slicer.mrmlScene.RemoveNode(image)
    pump(0.5)
    module.dataset.update()
    check("it cannot be saved without its image", not module.ui.saveButton.enabled)
    print("     ", text_of(module.ui.saveButton))
    check("the input does not jump to a soft map", module.ui.inputSelector.currentNode() is None)
    check("the parameter does not either", module.logic.getParameterNode().inputVolume is None)
    offered = [module.ui.contrastsComboBox.nodeFromIndex(n) for n in range(module.ui.contrastsComboBox.nodeCount())]
    check("no soft map is offered as a contrast", soft not in offered)
    slicer.mrmlScene.Clear(0)
    image, soft = add_case()
    module = open_module("SynthSeg")
    slicer.mrmlScene.RemoveNode(image)
    pump(0.5)
    check("Synthesis does not take a soft map as its source", module.ui.inputSelector.currentNode() is None)


def sequence():
    """The map of one item is not saved with another one's image."""
    from crosscontrast.scene.sources import remember_item

    image, _ = add_case()
    series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "series")
    for item in "123":
        series.SetDataNodeAtValue(image, item)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "browser")
    browser.SetAndObserveMasterSequenceNodeID(series.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    proxy = browser.GetProxyNode(series)
    soft = add_soft(proxy, "series 2 soft cord")
    remember_item(soft, series, "2")
    browser.SetSelectedItemNumber(1)
    module, editor = begin(soft, proxy)
    paint(editor, soft, (36, 24, 8), (41, 30, 8))
    module.ui.datasetPathLineEdit.currentPath = str(OUT / "dataset")
    module.ui.authorLineEdit.text = "A. Reader"
    module.dataset.update()
    check("with its own item it can be saved", module.ui.saveButton.enabled)
    browser.SetSelectedItemNumber(0)
    pump(0.5)
    module.dataset.update()
    check("with another one it cannot", not module.ui.saveButton.enabled)
    print("     ", text_of(module.ui.saveButton))


def scene_saved_with_a_tool_in_the_hand():
    """Saving puts the tool down; the scene opens while the panel is open, and the panel shows what it holds."""
    image, soft = add_case()
    module, editor = begin(soft, image)
    editor.setActiveEffectByName("Paint")
    check("a tool is in the hand", editor.activeEffect() is not None)
    check("the scene is saved", slicer.util.saveScene(str(OUT / "scene.mrb")))
    scene = slicer.mrmlScene
    check("the tool is not saved", 'activeEffectName="Paint"' not in scene_text(OUT / "scene.mrb"))
    # As scenes of earlier versions are.
    scene.GetSingletonNode("SoftCordSegEditor", "vtkMRMLSegmentEditorNode").SetSaveWithScene(True)
    check("a scene is saved as earlier versions did", slicer.util.saveScene(str(OUT / "armed.mrb")))
    check("the tool is in it", 'activeEffectName="Paint"' in scene_text(OUT / "armed.mrb"))
    slicer.mrmlScene.Clear(0)
    pump(0.5)
    slicer.util.loadScene(str(OUT / "scene.mrb"))
    pump(1)
    shown = module.ui.softMapSelector.currentNode()
    check("the panel shows the soft map of the scene", shown is not None and shown.GetName() == "patient soft cord")
    taken = module.ui.inputSelector.currentNode()
    check("and its input", taken is not None and taken.GetName() == "patient")
    check("a segment can be made", module.ui.makeSegmentButton.enabled)
    check(
        "Run says nothing about a missing input",
        "input" not in text_of(module.ui.runButton) or module.ui.runButton.enabled,
    )
    # A scene that was saved with a tool in the hand, by an earlier version or by others.
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(OUT / "armed.mrb"))
    pump(1)
    check("it opens, and the tool is down", editor.activeEffect() is None)
    check("the panel shows its soft map", module.ui.softMapSelector.currentNode() is not None)
    # Another scene is opened over this one with the tool in the hand.
    module.ui.makeSegmentButton.click()
    pump(0.5)
    editor.setActiveEffectByName("Erase")
    slicer.util.loadScene(str(OUT / "scene.mrb"))
    pump(1)
    check("opening puts it down", editor.activeEffect() is None)


def segment_is_named():
    """The segment has the structure's name, and removing it ends the correction without touching the map."""
    image, soft = add_case()
    module, editor = begin(soft, image)
    segmentation = module.correcting.correction.segmentation
    check("the segment is called after the cord", "cord" in segmentation.GetSegmentation().GetNthSegment(0).GetName())
    before = slicer.util.arrayFromVolume(soft).copy()
    segmentation.GetSegmentation().RemoveSegment(segmentation.GetSegmentation().GetNthSegmentID(0))
    pump(0.6)
    check("the map keeps its values", bool((slicer.util.arrayFromVolume(soft) == before).all()))
    check("the correction ended", module.correcting.correction is None)
    check("a new one can begin", module.ui.makeSegmentButton.enabled)
    module.ui.makeSegmentButton.click()
    pump(0.5)
    check("and paints", len(paint(editor, soft, (36, 24, 8), (41, 30, 8))) > 0)
    errors_now = errors()
    check(f"without an error {errors_now[:2]}", not errors_now)


drive(
    [
        paint_under_transforms,
        moved_after_the_run,
        input_deleted,
        sequence,
        scene_saved_with_a_tool_in_the_hand,
        segment_is_named,
    ]
)
