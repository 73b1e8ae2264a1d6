"""The steps of SoftCordSeg's panel: what is seen, what is said, marks, views, other patients, and the panel's width."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import pump, start
from qt_harness.cord_panel import (
    _case,  # noqa: F401 - a fixture
    _correcting,  # noqa: F401
    _panel,  # noqa: F401
    cord_image,
    drag,
    ready_to_save,
    settle,
    voxel_to_ras,
    wait_for,
)
from qt_harness.fixtures import _in_place, _opened, _scene  # noqa: F401

slicer = start()
import ctk  # noqa: E402 - the harness makes these
import qt  # noqa: E402

WIDTH = 420


def mode():
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLInteractionNode")


def click_at(point):
    """What a click in a view does while a markup is placed."""
    node = slicer.mrmlScene.GetNodeByID(
        slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSelectionNode").GetActivePlaceNodeID()
    )
    assert mode().GetCurrentInteractionMode() == mode().Place
    node.AddControlPointWorld(list(point))
    mode().SetCurrentInteractionMode(mode().ViewTransform)
    pump()


def cut(panel):
    """Widgets of the panel that are wider than it, or narrower than what they have to say."""
    found, host = [], panel.host
    for name, child in vars(panel.ui).items():
        if not isinstance(child, qt.QWidget) or not child.isVisibleTo(host):
            continue
        right = child.mapTo(host, qt.QPoint(child.width, 0)).x()
        words = isinstance(child, qt.QPushButton | qt.QCheckBox) or (
            isinstance(child, qt.QLabel) and not child.wordWrap
        )
        if right > host.width or (words and child.width < child.minimumSizeHint().width()):
            found.append((name, child.width, child.minimumSizeHint().width(), right))
    return found


def check_all_pages(panel, state):
    """Every page and fold at 420 px."""
    for button in panel.host.findChildren(ctk.ctkCollapsibleButton):
        button.collapsed = False
    tabs = panel.ui.tabWidget
    for index in range(tabs.count):
        tabs.currentIndex = index
        pump()
        panel.host.resize(WIDTH, panel.host.sizeHint().height())
        pump()
        least = panel.host.minimumSizeHint().width()
        assert least <= WIDTH, f"{state}, {tabs.tabText(index)}: wants {least} px"
        assert cut(panel) == [], f"{state}, {tabs.tabText(index)}"


@pytest.fixture
def font():
    before = qt.QApplication.font()
    yield lambda points: qt.QApplication.setFont(qt.QFont(before.family(), points))
    qt.QApplication.setFont(before)


@pytest.mark.usefixtures("in_place")
@pytest.mark.parametrize("points", [9, 12])
def test_no_widget_is_cut_at_420_pixels_in_any_state(opened, scene, case, tmp_path, font, points):
    font(points)
    scene.Clear(0)
    panel = opened("SoftCordSeg")
    panel.host.show()
    check_all_pages(panel, "empty")
    image = load(scene, tmp_path / "sub-01_T2w.nii.gz")
    panel.ui.inputSelector.setCurrentNode(image)
    check_all_pages(panel, "one volume")
    panel.ui.softMapSelector.setCurrentNode(soft_of(scene, image, tmp_path))
    settle(panel)
    check_all_pages(panel, "soft map")
    panel.ui.makeSegmentButton.click()
    ready_to_save(panel, tmp_path / "data")
    settle(panel)
    check_all_pages(panel, "correction begun")
    panel.ui.saveButton.click()
    wait_for(panel)
    check_all_pages(panel, "saved")
    scene.Clear(0)
    check_all_pages(panel, "scene closed")


def load(scene, path):
    from crosscontrast.scene.results import load_image

    return load_image(scene, path)


def soft_of(scene, image, folder, name="T2w soft cord"):
    from crosscontrast.scene.results import load_soft_map

    return load_soft_map(scene, folder / "soft.nii.gz", name, image)


def test_it_says_what_to_do_next_and_shows_the_step(opened, scene, case, tmp_path):
    scene.Clear(0)
    panel = opened("SoftCordSeg")
    ui = panel.ui
    assert "Load an image" in ui.adviceLabel.text
    image = load(scene, tmp_path / "sub-01_T2w.nii.gz")
    ui.inputSelector.setCurrentNode(image)
    assert ui.adviceLabel.text == "Press Segment."
    empty = soft_of(scene, image, tmp_path)
    slicer.util.arrayFromVolume(empty)[:] = 0
    slicer.util.arrayFromVolumeModified(empty)
    ui.softMapSelector.setCurrentNode(empty)
    assert ui.adviceLabel.text.startswith("No cord was found in sub-01_T2w. One click shows it")
    ui.softMapSelector.setCurrentNode(soft_of(scene, image, tmp_path, "found"))
    assert "Begin correction" in ui.adviceLabel.text
    ui.makeSegmentButton.click()
    assert "doubtful slices (key D)" in ui.adviceLabel.text


@pytest.mark.usefixtures("in_place")
def test_one_click_on_the_cord_segments_it_and_a_mark_at_its_end_stops_it(opened, scene, tmp_path):
    from crosscontrast.scene.images import voxels

    sitk.WriteImage(cord_image(left_handed=True, size=(48, 44, 20)), str(tmp_path / "sub-01_T2w.nii.gz"))
    image = load(scene, tmp_path / "sub-01_T2w.nii.gz")
    panel = opened("SoftCordSeg")
    ui = panel.ui
    ui.inputSelector.setCurrentNode(image)
    jobs = []
    start_job = panel.widget.controls._runner.start
    panel.widget.controls._runner.start = lambda job: (jobs.append(job), start_job(job))
    size = voxels(image).shape
    end = voxel_to_ras(image, 14, 14, 4)
    ui.endsButton.click()
    assert ui.endsButton.checked
    assert ui.marksLabel.text == "Click in a view now."
    click_at(end)
    assert jobs == [], "a mark where it ends waits for Segment"
    assert not ui.endsButton.checked
    here = voxel_to_ras(image, 14, 14, size[0] // 2)
    ui.hereButton.click()
    click_at(here)
    assert pump(lambda: not panel.widget.controls.busy, 120)
    assert jobs[0].at[0] == pytest.approx(tuple(here), abs=1e-3)
    assert jobs[0].ends[0] == pytest.approx(tuple(end), abs=1e-3)
    assert ui.marksLabel.text == "Marked: 1 in the cord, 1 where it ends."
    soft = ui.softMapSelector.currentNode()
    assert soft is not None
    ui.clearMarksButton.click()
    assert panel.widget.marks.here == panel.widget.marks.ends == ()
    assert not ui.clearMarksButton.enabled


def test_a_lost_cord_is_gone_on_with_by_a_click_and_what_was_corrected_stays(correcting, case, tmp_path):
    from crosscontrast.scene.images import voxels

    soft, widget = case[1], correcting.widget
    whole = voxels(soft).copy()
    half = whole.shape[0] // 2
    correction = widget.correcting.correction
    voxels(soft)[half:] = 0
    voxels(correction.predicted)[half:] = 0  # as if the run had lost it
    correction.__init__(slicer.mrmlScene, soft, 0.5, "spinal cord")
    correcting.ui.brushRadiusSlider.value, correcting.ui.brushStrengthSlider.value = 4, 1
    widget.correcting.desk.press(tuple(voxel_to_ras(soft, 26, 4, 2)), 3.0, 1.0, raising=True)
    widget.correcting.desk.lift()
    widget.correcting.desk.take()
    mine = voxels(soft).copy()
    widget.segmenting.going_on.image = case[0]
    found = type("Found", (), {"softseg": tmp_path / "soft.nii.gz"})()
    asked = []
    widget.segmenting.going_on.run = lambda inputs: asked.append(widget.segmenting.going_on.at)
    correcting.ui.pickUpButton.click()
    point = voxel_to_ras(soft, 14, 14, half + 3)
    click_at(point)
    assert asked[0][0] == pytest.approx(tuple(point), abs=1e-3)
    widget.segmenting._take_gone_on([found])
    np.testing.assert_array_equal(voxels(soft)[: half - 1], mine[: half - 1])
    np.testing.assert_allclose(voxels(soft)[half + 1 :], whole[half + 1 :], atol=1e-6)
    assert correcting.ui.undoButton.enabled
    correcting.ui.undoButton.click()
    np.testing.assert_array_equal(voxels(soft), mine)


def test_the_brush_is_put_down_by_another_task_of_the_mouse_and_has_a_circle(correcting, case):
    brush = correcting.widget.correcting._brush
    for other in ("Place", "AdjustWindowLevel"):
        correcting.ui.brushButton.checked = True
        assert brush.on
        mode().SetCurrentInteractionMode(getattr(mode(), other))
        assert not brush.on
        assert not correcting.ui.brushButton.checked
    correcting.ui.brushButton.checked = True
    assert mode().GetCurrentInteractionMode() == mode().ViewTransform
    view = slicer.app.layoutManager().sliceWidget("Red")
    view.interactor().SetEventInformation(30, 40)
    view.interactor().InvokeEvent("MouseMoveEvent")
    shown = [circle for circle in brush._circles.circles if circle.shown]
    assert len(shown) == 1
    columns, width = view.mrmlSliceNode().GetDimensions()[0], view.mrmlSliceNode().GetFieldOfView()[0]
    assert shown[0].pixels == pytest.approx(correcting.ui.brushRadiusSlider.value * columns / width)
    view.interactor().InvokeEvent("LeaveEvent")
    assert not shown[0].shown
    before = len(brush._circles.circles)
    slicer.app.layoutManager()._views["Slice4"] = type(view)("Slice4")
    slicer.app.layoutManager().layoutChanged.emit(3)
    pump()
    assert len(brush._circles.circles) == before + 1
    del slicer.app.layoutManager()._views["Slice4"]
    drag([voxel_to_ras(case[1], 3, 3, 3)])
    assert correcting.widget.correcting.desk.changed_voxels > 0


def test_when_a_correction_begins_the_views_are_at_the_cord_and_voxels_look_as_they_are(panel, case):
    views = slicer.app.layoutManager()
    for name in ("Red", "Yellow"):
        views.sliceWidget(name).mrmlSliceNode()
    before = views.sliceWidget("Red").sliceLogic().snapped
    panel.ui.makeSegmentButton.click()
    assert views.sliceWidget("Red").sliceLogic().snapped > before
    assert not case[1].GetDisplayNode().GetInterpolate()
    panel.widget.correcting.end()
    assert case[1].GetDisplayNode().GetInterpolate()
    values = slicer.util.arrayFromVolume(case[1])
    values[10] *= 0.3
    slicer.util.arrayFromVolumeModified(case[1])
    panel.widget.csa.ruler.forget()
    panel.ui.makeSegmentButton.click()
    assert "(1 of 1): the area is" in panel.ui.doubtfulLabel.text
    node = views.sliceWidget("Red").mrmlSliceNode()
    place = [node.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
    wanted = voxel_to_ras(case[1], 14, 14, 10)
    assert np.linalg.norm(np.subtract(place, wanted)) < 4
    keys = {s.key.toString(): s for s in panel.widget.shortcuts._made}
    keys["D"].activated.emit()
    assert "(1 of 1)" in panel.ui.doubtfulLabel.text


def test_another_input_volume_is_shown_with_the_map_that_was_made_of_it(panel, case, scene, tmp_path):
    sitk.WriteImage(cord_image(left_handed=False), str(tmp_path / "sub-02_T2w.nii.gz"))
    other = load(scene, tmp_path / "sub-02_T2w.nii.gz")
    view = scene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    panel.ui.inputSelector.setCurrentNode(other)
    assert view.GetBackgroundVolumeID() == other.GetID()
    assert panel.ui.softMapSelector.currentNode() is None
    assert view.GetForegroundVolumeID() is None
    panel.ui.inputSelector.setCurrentNode(case[0])
    assert panel.ui.softMapSelector.currentNode() is case[1]
    assert view.GetForegroundVolumeID() == case[1].GetID()


def test_all_contrasts_are_those_of_this_patient(panel, case, scene, tmp_path):
    from crosscontrast.scene.layers import shown_layers

    for name in ("sub-02_T2w", "sub-01_T1w"):
        sitk.WriteImage(cord_image(), str(tmp_path / f"{name}.nii.gz"))
    other = soft_of(scene, load(scene, tmp_path / "sub-02_T2w.nii.gz"), tmp_path, "other's")
    own = soft_of(scene, load(scene, tmp_path / "sub-01_T1w.nii.gz"), tmp_path, "own")
    view = scene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    panel.ui.allMapsCheckBox.click()
    assert shown_layers(view) == [own, case[1]]
    assert other not in shown_layers(view)


def test_maps_are_hidden_and_shown_again(panel, case):
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    panel.ui.shownCheckBox.click()
    assert view.GetForegroundVolumeID() is None
    assert view.GetBackgroundVolumeID() == case[0].GetID()
    panel.ui.shownCheckBox.click()
    assert view.GetForegroundVolumeID() == case[1].GetID()


def test_contrasts_that_are_taken_off_are_not_ticked_and_the_input_is_none(panel, case, scene, tmp_path):
    sitk.WriteImage(cord_image(), str(tmp_path / "sub-01_T1w.nii.gz"))
    more = load(scene, tmp_path / "sub-01_T1w.nii.gz")
    box, logic = panel.ui.contrastsComboBox, panel.widget.logic
    assert case[0].GetID() in box.sortFilterProxyModel().hiddenNodeIDs
    box.setCheckState(more, qt.Qt.Checked)
    assert logic.contrasts(logic.getParameterNode()) == [more]
    logic.setContrasts(logic.getParameterNode(), [])
    panel.widget.onParametersChanged()
    assert box.checkState(more) == qt.Qt.Unchecked


def test_a_saved_correction_is_saved_again_only_when_it_was_changed(correcting, case, tmp_path):
    ready_to_save(correcting, tmp_path / "data")
    correcting.ui.saveButton.click()
    assert "Saved sub-01_T2w as revision 1: as predicted." in wait_for(correcting)
    assert not correcting.ui.saveButton.enabled
    assert "Nothing was changed since revision 1" in correcting.ui.saveButton.toolTip
    place = voxel_to_ras(case[1], 26, 4, 2)
    correcting.widget.correcting.desk.press(tuple(place), 1.0, 0.2, raising=True)
    correcting.widget.correcting.desk.lift()
    correcting.widget.correcting.desk.take()
    assert correcting.ui.saveButton.enabled
    correcting.ui.saveButton.click()
    said = wait_for(correcting)
    assert "as revision 2: soft values of" in said
    assert "none of the mask" in said


def test_an_empty_volume_is_refused_by_its_name(opened, scene):
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "nothing")
    panel = opened("SoftCordSeg")
    panel.ui.inputSelector.setCurrentNode(node)
    assert panel.ui.runButton.toolTip == "nothing is empty: it has no voxels."


@pytest.mark.usefixtures("in_place")
def test_what_is_wrong_with_a_volume_is_said_by_its_name_and_not_by_a_file(opened, scene, tmp_path, caplog):
    from crosscontrast.scene.images import add_volume

    add_volume(scene, sitk.Image([9, 8, 1], sitk.sitkFloat32), "one slice")
    panel = opened("SoftCordSeg")
    panel.ui.runButton.click()
    assert pump(lambda: not panel.widget.controls.busy, 60)
    said = panel.ui.statusLabel.text
    assert "one_slice" in said
    assert ".nrrd" not in said
    assert "CrossContrast-" not in said


def test_the_tab_key_reaches_editor_and_plot_where_they_are_seen(correcting):
    ui, order = correcting.ui, []
    widget = ui.makeSegmentButton
    for _ in range(400):
        widget = widget.nextInFocusChain()
        order.append(widget)
    paint = next(b for b in ui.editorFrame.findChildren(qt.QPushButton) if b.text == "Paint")
    assert order.index(paint) < order.index(ui.undoButton) < order.index(ui.saveButton)
