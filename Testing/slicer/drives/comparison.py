"""Images beside and over each other, and the legends in the slice views."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import slicer
from steps import OUT, add_case, add_soft, check, drive, ijk_to_ras, no_errors, open_module, picture, pump, tube

#: A view of this part of its height must stay free of legends.
MOST_COVERED = 0.25


def shown_slices():
    """Return the composite nodes of the slice views on the screen, from the left."""
    layouts = slicer.app.layoutManager()
    views = [layouts.sliceWidget(name) for name in layouts.sliceViewNames()]
    views = [view for view in views if view.isVisible()]
    views.sort(key=lambda view: view.mapToGlobal(view.rect.topLeft()).x())
    return [view.sliceLogic().GetSliceCompositeNode() for view in views]


def side_by_side():
    """Source and translation are in the two, and with an uncertainty in the three views that are seen."""
    image, _ = add_case()
    output = slicer.util.addVolumeFromArray(tube() * 300, ijk_to_ras(), "translated")
    spread = slicer.util.addVolumeFromArray(tube() * 20, ijk_to_ras(), "spread")
    module = open_module("SynthSeg")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume, parameters.outputVolume = image, output
    pump(0.3)
    for volumes in ([image, output], [image, output, spread]):
        parameters.uncertaintyVolume = spread if spread in volumes else None
        pump(0.3)
        module.ui.sideBySideButton.click()
        pump(1)
        found = [slicer.mrmlScene.GetNodeByID(view.GetBackgroundVolumeID() or "") for view in shown_slices()]
        names = [node.GetName() if node else None for node in found]
        check(f"{len(volumes)} volumes are in the views on the screen ({names})", found == volumes)
        check("nothing lies over them", not any(view.GetForegroundVolumeID() for view in shown_slices()))
        picture(slicer.app.layoutManager().viewport(), f"side_by_side_{len(volumes)}")
    module.ui.blinkButton.click()
    pump(1)
    over = [view.GetForegroundVolumeID() == output.GetID() for view in shown_slices()]
    check(f"blinking shows the translation over the source in every view ({over})", all(over))
    strengths = {round(view.GetForegroundOpacity(), 3) for view in shown_slices()}
    check(f"all views blink together ({strengths})", len(strengths) == 1)
    module.ui.blinkButton.click()


def legends():
    """Each layer has one legend, in one view, with a short title and readable words."""
    from crosscontrast.scene.results import load_soft_map, uncertainty_of

    image, first = add_case("sub-01_ses-02_acq-sagittal_T2w")
    add_soft(image, "sub-01_ses-02_acq-axial_T2star soft cord")
    spread = slicer.util.addVolumeFromArray(tube() * 0.15, ijk_to_ras(), "spread")
    for node, name in ((first, "soft.nrrd"), (spread, "spread.nrrd")):
        slicer.util.saveNode(node, str(OUT / name))
        slicer.mrmlScene.RemoveNode(node)
    soft = load_soft_map(
        slicer.mrmlScene, OUT / "soft.nrrd", f"{image.GetName()} soft cord", image, spread=OUT / "spread.nrrd"
    )
    spread = uncertainty_of(soft)
    module = open_module("SoftCordSeg")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume, parameters.softMap, parameters.allMaps = image, soft, True
    parameters.showUncertainty = True
    pump(0.5)
    module.ui.makeSegmentButton.click()
    pump(0.5)
    values = slicer.util.arrayFromVolume(soft)
    values[8, 20:26, 20:30] = 0
    slicer.util.arrayFromVolumeModified(soft)
    module.ui.differenceCheckBox.click()
    pump(0.5)
    slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode().JumpSliceByCentering(0, 0, 0)
    slicer.util.resetSliceViews()
    pump(1)
    found = [node for node in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode") if node.GetVisibility()]
    check(f"there are legends ({len(found)})", len(found) >= 3)
    for node in found:
        title = node.GetTitleText()
        check(f"the title {title!r} has at most 12 letters", 0 < len(title) <= 12)
        check(f"{title}: title and labels have a size", node.GetTitleTextProperty().GetFontSize() <= 14)
        views = [node.GetNthViewNodeID(number) for number in range(node.GetNumberOfViewNodeIDs())]
        check(f"{title}: in one view ({views})", len(views) == 1)
    titles = [node.GetTitleText() for node in found]
    check(f"no two are called alike ({titles})", len(set(titles)) == len(titles))
    palettes = [node.GetColorNodeID() or node.GetPrimaryDisplayNode().GetColorNodeID() for node in found]
    check("no two layers have the same colours", len(set(palettes)) == len(palettes))
    of_spread = spread.GetDisplayNode()
    check(
        f"the scale of the uncertainty ends at what there is ({of_spread.GetWindowLevelMax():.2f})",
        of_spread.GetWindowLevelMax() <= 0.2,
    )
    picture(slicer.app.layoutManager().viewport(), "legends")
    switch = getattr(module.ui, "legendsCheckBox", None)
    if check("legends can be hidden", switch is not None):
        switch.click()
        pump(0.5)
        check(
            "then none is seen",
            not any(n.GetVisibility() for n in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")),
        )


def areas():
    """A stroke changes the table of areas without an error of the plot."""
    image, soft = add_case()
    module = open_module("SoftCordSeg")
    parameters = module.logic.getParameterNode()
    parameters.inputVolume, parameters.softMap = image, soft
    pump(0.5)
    module.ui.makeSegmentButton.click()
    pump(1)
    no_errors("before the stroke")
    desk = module.correcting.desk
    place = [-20 + 0.8 * 36, -2, 0]
    for strength in (1.0, 0.5):
        desk.press(tuple(place), 4.0, strength, raising=True)
        desk.lift()
        desk.take()
        pump(0.6)
    no_errors("after the strokes")


drive([side_by_side, legends, areas])
