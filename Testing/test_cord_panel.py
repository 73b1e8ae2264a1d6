"""The clinician's loop in the panel of SoftCordSeg: segment, see, correct, measure (see qt_harness)."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import pump, start
from qt_harness.cord_panel import (
    _case,  # noqa: F401 - a fixture
    _correcting,  # noqa: F401
    _dataset,  # noqa: F401
    _panel,  # noqa: F401
    areas,
    drag,
    settle,
    voxel_to_ras,
)
from qt_harness.fixtures import _in_place, _opened, _scene, table_of  # noqa: F401

slicer = start()
import qt  # noqa: E402 - the harness makes it


@pytest.mark.usefixtures("in_place")
def test_contrasts_and_a_sequence_are_segmented_in_one_run_shown_together_and_compared(opened, scene):
    from crosscontrast.cord.phantom import CordPhantom
    from crosscontrast.scene.images import add_volume
    from crosscontrast.scene.layers import shown_layers
    from crosscontrast.scene.results import model_of, source_of

    phantom = CordPhantom(size=(64, 64, 40), spacing=(1.0, 1.0, 2.0))
    t2w = add_volume(scene, phantom.image("T2w"), "T2w")
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "echoes")
    sequence.SetDataNodeAtValue(add_volume(scene, phantom.image("T1w"), "T1w"), "7")
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    t2w.SetAndObserveTransformNodeID(transform.GetID())
    panel = opened("SoftCordSeg")
    panel.ui.inputSelector.setCurrentNode(t2w)
    panel.ui.contrastsComboBox.setCheckState(sequence, qt.Qt.Checked)
    panel.ui.contrastsComboBox.setCheckState(t2w, qt.Qt.Checked)  # ticked twice, segmented once
    panel.ui.runButton.click()
    assert pump(lambda: not panel.widget.controls.busy, 120)
    assert panel.ui.statusLabel.text.startswith("Done.")
    soft = panel.ui.softMapSelector.currentNode()
    assert soft.GetName() == "T2w soft cord"
    assert source_of(soft) is t2w
    assert soft.GetTransformNodeID() == transform.GetID()
    assert model_of(soft).name == "softcord"
    assert slicer.util.arrayFromVolume(soft).dtype == np.float32
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert view.GetBackgroundVolumeID() == t2w.GetID()
    assert [layer.GetName() for layer in shown_layers(view)] == ["echoes time 7 soft cord", "T2w soft cord"]
    settle(panel)
    names, means = zip(*[(row[0], float(row[1])) for row in table_of(panel.ui.contrastTable)], strict=True)
    assert names == ("echoes time 7 soft cord", "T2w soft cord")
    assert means == pytest.approx([phantom.area()] * 2, rel=0.15)
    assert "Standard deviation across the 2 contrasts" in panel.ui.csaLabel.text
    panel.ui.allMapsCheckBox.click()
    assert shown_layers(view) == [soft]
    assert not list(Path(slicer.app.temporaryPath).glob("CrossContrast-*"))


def test_the_sliders_act_on_the_soft_map_at_once(panel, case):
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert (view.GetBackgroundVolumeID(), view.GetForegroundVolumeID()) == tuple(node.GetID() for node in case)
    panel.ui.thresholdSlider.value = 0.7
    panel.ui.opacitySlider.value = 0.25
    assert case[1].GetDisplayNode().GetLowerThreshold() == pytest.approx(0.7)
    assert view.GetForegroundOpacity() == pytest.approx(0.25)


def test_what_cannot_be_done_yet_is_disabled_and_says_why(opened, scene, tmp_path):
    ui = opened("SoftCordSeg").ui
    ui.datasetPathLineEdit.currentPath = ""
    for button, why in {
        ui.runButton: "input volume",
        ui.makeSegmentButton: "choose a soft map",
        ui.brushButton: "choose a soft map",
        ui.undoButton: "Nothing was changed",
        ui.saveButton: "folder of the dataset",
        ui.nextButton: "folder of the dataset",
        ui.exportButton: "folder of the dataset",
    }.items():
        assert not button.enabled
        assert why in button.toolTip
    assert not ui.editorFrame.enabled
    assert not ui.differenceCheckBox.enabled
    ui.datasetPathLineEdit.currentPath = str(tmp_path)
    assert "no dataset in this folder yet" in ui.nextButton.toolTip


def test_an_edit_of_the_segment_reaches_the_soft_map_and_the_areas(correcting, case):
    from crosscontrast.scene.images import voxels
    from crosscontrast.scene.segments import segment_voxels, set_segment

    soft = case[1]
    settle(correcting)
    before, start = areas(correcting), voxels(soft).copy()
    segmentation = correcting.widget.correcting.correction.segmentation
    inside = segment_voxels(segmentation, soft)
    middle = inside.shape[0] // 2
    inside[middle, 12:17, 0:32] |= np.roll(inside[middle, 12:17, 0:32], 3, axis=1)
    set_segment(segmentation, soft, inside)  # as the Segment Editor does
    settle(correcting)
    np.testing.assert_array_equal(voxels(soft) >= 0.5, inside)
    changed = np.flatnonzero(np.abs(areas(correcting) - before) > 0.5)
    assert len(changed) == 1
    assert areas(correcting)[changed[0]] > before[changed[0]] + 5
    assert "voxels differ from the prediction. Not saved yet." in correcting.ui.correctionLabel.text
    correcting.ui.undoButton.click()
    settle(correcting)
    np.testing.assert_array_equal(voxels(soft), start)
    np.testing.assert_array_equal(areas(correcting), before)
    assert correcting.ui.correctionLabel.text == "As predicted."


def test_the_soft_brush_raises_with_shift_lowers_and_plot_and_table_follow(correcting, case):
    from crosscontrast.scene.cord.csa_nodes import COLUMNS
    from crosscontrast.scene.cord.csa_nodes import table_of as csa_table_of
    from crosscontrast.scene.images import voxels

    soft, ui = case[1], correcting.ui
    settle(correcting)
    before, start = areas(correcting), voxels(soft).copy()
    ui.brushRadiusSlider.value, ui.brushStrengthSlider.value = 4, 1
    ui.brushButton.click()
    k, j, i = np.argwhere(start == 0)[len(start) * 300]
    drag([voxel_to_ras(soft, i, j, k), voxel_to_ras(soft, i + 1, j, k)])
    assert voxels(soft)[k, j, i] == pytest.approx(1)
    settle(correcting)
    centre = np.argwhere(start > 0.9)[60]
    drag([voxel_to_ras(soft, *centre[::-1])], shift=True)
    assert voxels(soft)[tuple(centre)] == pytest.approx(0, abs=1e-6)
    settle(correcting)
    assert np.abs(areas(correcting) - before).max() > 5
    plotted = slicer.util.arrayFromTableColumn(csa_table_of(soft), COLUMNS[3])
    np.testing.assert_allclose(plotted[::-1], areas(correcting), atol=0.051)
    ui.undoButton.click()
    ui.undoButton.click()
    np.testing.assert_array_equal(voxels(soft), start)
    assert not ui.undoButton.enabled
    ui.redoButton.click()
    assert voxels(soft)[k, j, i] == pytest.approx(1)
    ui.resetButton.click()
    np.testing.assert_array_equal(voxels(soft), start)


def test_a_tool_of_the_editor_and_the_brush_take_turns(correcting):
    ui, editor = correcting.ui, slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentEditorNode")
    ui.brushButton.click()
    paint = next(b for b in ui.editorFrame.findChildren(qt.QPushButton) if b.text == "Paint")
    paint.click()
    assert editor.GetActiveEffectName() == "Paint"
    assert not ui.brushButton.checked
    assert not correcting.widget.correcting._brush.on
    ui.brushButton.click()
    assert not editor.GetActiveEffectName()
    assert editor.GetSegmentationNode() is correcting.widget.correcting.correction.segmentation
    assert editor.GetSourceVolumeNode().GetName() == "sub-01_T2w"


def test_the_difference_is_an_overlay_that_follows_the_brush(correcting, case):
    from crosscontrast.scene.difference import DIFFERENCE_ROLE
    from crosscontrast.scene.images import voxels

    ui, soft = correcting.ui, case[1]
    ui.differenceCheckBox.click()
    labels = soft.GetNodeReference(DIFFERENCE_ROLE)
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert view.GetLabelVolumeID() == labels.GetID()
    assert not voxels(labels).any()
    ui.brushButton.click()
    k, j, i = np.argwhere(voxels(soft) == 0)[3000]
    drag([voxel_to_ras(soft, i, j, k)])
    settle(correcting)
    assert voxels(labels)[k, j, i] in (3, 4)
    ui.differenceCheckBox.click()
    assert view.GetLabelVolumeID() is None
    assert soft.GetNodeReference(DIFFERENCE_ROLE) is None


def test_the_correction_survives_leaving_the_module_and_the_mouse_is_given_back(correcting, case):
    correcting.ui.brushButton.click()
    correcting.widget.exit()
    assert not correcting.widget.correcting._brush.on
    assert not correcting.widget.shortcuts._made
    correcting.widget.enter()
    assert correcting.widget.correcting.correction.soft is case[1]
    keys = {str(s.key.toString()) for s in correcting.widget.shortcuts._made}
    assert keys == {*(f"Ctrl+Shift+{key}" for key in "SNBD"), "Ctrl+Z", "Ctrl+Y", "Esc", "D", *"12345"}


def test_the_keys_do_what_they_say(correcting, case):
    from crosscontrast.scene.images import voxels

    keys = {s.key.toString(): s for s in correcting.widget.shortcuts._made}
    editor = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentEditorNode")
    keys["2"].activated.emit()
    assert editor.GetActiveEffectName() == "Erase"
    keys["Esc"].activated.emit()
    assert not editor.GetActiveEffectName()
    keys["Ctrl+Shift+B"].activated.emit()
    assert correcting.ui.brushButton.checked
    keys["Ctrl+Shift+D"].activated.emit()
    assert correcting.ui.differenceCheckBox.checked
    before = voxels(case[1]).copy()
    drag([voxel_to_ras(case[1], 3, 3, 3)])
    changed = voxels(case[1]).copy()
    assert (changed != before).any()
    keys["Ctrl+Z"].activated.emit()
    np.testing.assert_array_equal(voxels(case[1]), before)
    keys["Ctrl+Y"].activated.emit()
    np.testing.assert_array_equal(voxels(case[1]), changed)
    keys["Esc"].activated.emit()
    assert not correcting.ui.brushButton.checked


def test_another_soft_map_ends_the_correction_of_the_first(correcting, case, scene, tmp_path):
    from crosscontrast.scene.results import load_soft_map

    other = load_soft_map(scene, tmp_path / "soft.nii.gz", "other", case[0])
    correcting.ui.brushButton.click()
    correcting.ui.softMapSelector.setCurrentNode(other)
    assert correcting.widget.correcting.correction is None
    assert not correcting.ui.brushButton.checked
    assert correcting.ui.makeSegmentButton.enabled
    scene.RemoveNode(other)
    pump()
    settle(correcting)


def test_the_uncertainty_is_a_layer_of_its_own(panel, case, scene, tmp_path):
    from crosscontrast.scene.layers import shown_layers
    from crosscontrast.scene.results import load_soft_map, uncertainty_of

    soft = load_soft_map(scene, tmp_path / "soft.nii.gz", "sure", case[0], spread=tmp_path / "soft.nii.gz")
    panel.ui.softMapSelector.setCurrentNode(soft)
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert shown_layers(view) == [soft]
    panel.ui.showUncertaintyCheckBox.click()
    assert shown_layers(view) == [soft, uncertainty_of(soft)]
    legends = slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")
    assert {node.GetTitleText() for node in legends if node.GetVisibility()} == {"cord share", "uncertainty"}
    panel.ui.showUncertaintyCheckBox.click()
    legends = slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")
    assert {node.GetTitleText() for node in legends if node.GetVisibility()} == {"cord share"}
    panel.ui.showUncertaintyCheckBox.click()
    panel.ui.softMapSelector.setCurrentNode(case[1])
    assert "uncertainty" not in {
        node.GetTitleText() for node in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")
    }
    assert shown_layers(view) == [case[1]]
    assert not panel.ui.showUncertaintyCheckBox.enabled
    assert "Uncertainty" in panel.ui.showUncertaintyCheckBox.toolTip


@pytest.fixture
def to_run(opened, scene):
    """The panel with a phantom that is long enough for Cancel to come in time, and Uncertainty ticked."""
    from crosscontrast.cord.phantom import CordPhantom
    from crosscontrast.scene.images import add_volume

    image = add_volume(scene, CordPhantom(size=(64, 64, 48)).image("T2w"), "T2w")
    panel = opened("SoftCordSeg")
    panel.ui.inputSelector.setCurrentNode(image)
    panel.ui.uncertaintyCheckBox.click()
    return panel


def in_the_middle(panel):
    assert pump(lambda: 0 < panel.ui.progressBar.value < 100, 120)
    assert panel.widget.controls.busy


def test_a_run_with_uncertainty_is_cancelled_and_then_shows_where_the_model_was_not_sure(to_run, tmp_path):
    from crosscontrast.scene.images import voxels
    from crosscontrast.scene.layers import shown_layers
    from crosscontrast.scene.results import uncertainty_of

    ui = to_run.ui
    ui.runButton.click()
    assert not ui.runButton.enabled
    in_the_middle(to_run)
    assert ui.statusLabel.text
    ui.cancelButton.click()
    assert ui.statusLabel.text == "Cancelled."
    assert ui.softMapSelector.currentNode() is None
    assert not list(Path(slicer.app.temporaryPath).glob("CrossContrast-*"))
    ui.runButton.click()
    assert pump(lambda: not to_run.widget.controls.busy, 240)
    assert ui.statusLabel.text.startswith("Done."), ui.statusLabel.text
    soft = ui.softMapSelector.currentNode()
    spread = uncertainty_of(soft)
    assert ui.showUncertaintyCheckBox.enabled
    ui.showUncertaintyCheckBox.click()
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert shown_layers(view) == [soft, spread]
    # the rim is less sure than the middle of the cord
    values, sure = voxels(spread), voxels(soft)
    assert values[(sure > 0.2) & (sure < 0.8)].mean() > 2 * values[sure > 0.98].mean()
    to_run.grab(tmp_path / "uncertainty.png", 520)


@pytest.mark.parametrize("what", ["scene", "module"])
def test_closing_in_the_middle_of_a_run_ends_it_and_leaves_nothing(to_run, what):
    to_run.ui.runButton.click()
    in_the_middle(to_run)
    if what == "scene":
        slicer.mrmlScene.Clear(0)
    else:
        to_run.widget.cleanup()
    assert not to_run.widget.controls.busy
    assert to_run.ui.statusLabel.text == "Cancelled."
    assert not list(Path(slicer.app.temporaryPath).glob("CrossContrast-*"))
    settle(to_run)
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_a_soft_map_is_never_offered_or_taken_as_the_image(correcting, case, scene):
    image, soft = case
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 3  # image, map, the map as predicted
    pump()
    scene.RemoveNode(image)
    pump()
    assert correcting.ui.inputSelector.currentNode() is None
    assert correcting.widget.logic.getParameterNode().inputVolume is None
    correcting.widget.exit()
    correcting.widget.enter()
    assert correcting.widget.logic.getParameterNode().inputVolume is None
    assert correcting.ui.softMapSelector.currentNode() is soft


def test_a_scene_that_is_opened_under_the_open_panel_is_shown(correcting, case, scene, tmp_path):
    scene.SetURL(str(tmp_path / "scene.mrml"))
    correcting.widget.correcting._editor.take_tool("Paint")
    assert scene.Commit()
    assert 'activeEffectName="Paint"' not in (tmp_path / "scene.mrml").read_text()
    scene.Clear(0)
    pump()
    assert correcting.ui.softMapSelector.currentNode() is None
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Import()
    pump()
    assert correcting.ui.softMapSelector.currentNode().GetName() == "T2w soft cord"
    assert correcting.ui.inputSelector.currentNode().GetName() == "sub-01_T2w"
    assert correcting.ui.makeSegmentButton.enabled


def test_after_its_segment_was_removed_a_map_is_corrected_by_a_new_one(correcting):
    segmentation = correcting.widget.correcting.correction.segmentation.GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))
    settle(correcting)
    assert correcting.widget.correcting.correction is None
    correcting.ui.makeSegmentButton.click()
    node = slicer.mrmlScene.GetSingletonNode("SoftCordSegEditor", "vtkMRMLSegmentEditorNode")
    assert segmentation.GetSegment(node.GetSelectedSegmentID()) is not None


def test_legends_are_hidden_and_shown_again_with_the_difference_too(correcting):
    def seen():
        nodes = slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")
        return {node.GetTitleText() for node in nodes if node.GetVisibility()}

    correcting.ui.differenceCheckBox.click()
    assert seen() == {"cord share", "correction"}
    correcting.ui.legendsCheckBox.click()
    assert seen() == set()
    correcting.widget.difference._overlay.refresh()
    assert seen() == set()
    correcting.ui.legendsCheckBox.click()
    assert seen() == {"cord share", "correction"}
