"""The clinician's loop in the panel of SoftCordSeg: segment, see, correct, measure, save, next (see qt_harness)."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import pump, start
from qt_harness.fixtures import _opened, _scene, table_of  # noqa: F401 - fixtures
from support import oblique_direction

from CrossContrastLib.ground.images import image_like

slicer = start()
import qt  # noqa: E402 - the harness makes it

AXIS = (12.0, 14.0)


def cord_image(left_handed=True, size=(32, 28, 20)):
    """An oblique image of a bright tube that leans, off centre; anisotropic, left-handed by default."""
    image = sitk.GetImageFromArray(np.random.default_rng(4).normal(100, 10, size[::-1]).astype(np.float32))
    image.SetSpacing((0.8, 0.9, 2.5))
    image.SetOrigin((10.0, -30.0, 5.0))
    image.SetDirection(oblique_direction(left_handed))
    soft = cord_map(image)
    return image + 200 * soft


def cord_map(image):
    k, j, i = np.indices(image.GetSize()[::-1])
    distance = np.hypot((i - AXIS[0] - 0.2 * k) * 0.8, (j - AXIS[1]) * 0.9)
    return image_like(np.clip(1 - (distance - 4) / 2, 0, 1).astype(np.float32), image)


@pytest.fixture
def case(scene, tmp_path):
    """An image from a left-handed file and a soft map of it, as after a run."""
    from SoftCordSegLib.scene.results import load_image, load_soft_map

    image = cord_image()
    sitk.WriteImage(image, str(tmp_path / "sub-01_T2w.nii.gz"))
    sitk.WriteImage(cord_map(image), str(tmp_path / "soft.nii.gz"))
    source = load_image(scene, tmp_path / "sub-01_T2w.nii.gz")
    return source, load_soft_map(scene, tmp_path / "soft.nii.gz", "T2w soft cord", source)


@pytest.fixture
def panel(opened, case):
    """The panel with that map chosen."""
    made = opened("SoftCordSeg")
    made.ui.inputSelector.setCurrentNode(case[0])
    made.ui.softMapSelector.setCurrentNode(case[1])
    return made


@pytest.fixture
def correcting(panel):
    """The panel after Make segment."""
    panel.ui.makeSegmentButton.click()
    assert panel.widget.correcting.correction
    return panel


def settle(panel):
    """Wait until edits have arrived everywhere."""
    pump(lambda: False, 0.4)


def voxel_to_ras(node, i, j, k):
    from CrossContrastLib.scene.images import ijk_to_ras

    return (ijk_to_ras(node) @ [i, j, k, 1])[:3]


def drag(points, shift=False):
    """Drag the mouse over points (RAS) in the red view, which is turned to them."""
    view = slicer.app.layoutManager().sliceWidget("Red")
    node, interactor = view.mrmlSliceNode(), view.interactor()
    for number, point in enumerate(points):
        node.JumpSliceByCentering(*point)
        interactor.SetEventInformation(50, 50, 0, int(shift))
        interactor.InvokeEvent("MouseMoveEvent" if number else "LeftButtonPressEvent")
    interactor.InvokeEvent("LeftButtonReleaseEvent")


def areas(panel):
    return np.array([float(row[3]) for row in table_of(panel.ui.csaTable)])


def test_contrasts_and_a_sequence_are_segmented_in_one_run_shown_together_and_compared(opened, scene):
    from CrossContrastLib.scene.images import add_volume
    from CrossContrastLib.scene.layers import shown_layers
    from SoftCordSegLib.phantom import CordPhantom
    from SoftCordSegLib.scene.results import model_of, source_of

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
    from CrossContrastLib.scene.images import voxels
    from CrossContrastLib.scene.segments import segment_voxels, set_segment

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
    from CrossContrastLib.scene.images import voxels
    from SoftCordSegLib.scene.csa_nodes import COLUMNS
    from SoftCordSegLib.scene.csa_nodes import table_of as csa_table_of

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
    from CrossContrastLib.scene.difference import DIFFERENCE_ROLE
    from CrossContrastLib.scene.images import voxels

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


def ready_to_save(panel, folder):
    panel.ui.datasetPathLineEdit.currentPath = str(folder)
    panel.ui.authorLineEdit.text = "A. Reader"
    panel.ui.authorLineEdit.editingFinished.emit()


def wait_for(panel):
    assert pump(lambda: not panel.widget.dataset.controls.busy, 60)
    return panel.ui.datasetStatusLabel.text


def test_a_saved_correction_lies_on_the_grid_of_the_left_handed_file_where_it_was_drawn(correcting, case, tmp_path):
    from CrossContrastLib.corrections.dataset import CorrectionDataset
    from CrossContrastLib.ground.geometry import same_grid

    image = sitk.ReadImage(str(tmp_path / "sub-01_T2w.nii.gz"))
    predicted = sitk.GetArrayFromImage(cord_map(image))
    k, j, i = 5, 4, 25  # outside the cord, on the file's grid
    lps = image.TransformIndexToPhysicalPoint((i, j, k))
    ui = correcting.ui
    assert "folder of the dataset" in ui.saveButton.toolTip
    ready_to_save(correcting, tmp_path / "data")
    ui.brushRadiusSlider.value, ui.brushStrengthSlider.value = 3, 1
    ui.brushButton.click()
    drag([(-lps[0], -lps[1], lps[2])])
    assert ui.saveButton.enabled
    ui.saveButton.click()
    assert "Saved sub-01_T2w as revision 1" in wait_for(correcting)
    assert "Not saved" not in ui.correctionLabel.text
    loaded = CorrectionDataset.open(tmp_path / "data").load("sub-01_T2w")
    assert same_grid(loaded.soft, image)
    soft, mask = (sitk.GetArrayFromImage(part) for part in (loaded.soft, loaded.mask))
    assert soft[k, j, i] == pytest.approx(1, abs=1e-4)
    changed = np.argwhere(soft != predicted)
    points = np.array([image.TransformIndexToPhysicalPoint(index[::-1].tolist()) for index in changed])
    assert np.linalg.norm(points - lps, axis=1).max() < 3
    np.testing.assert_array_equal(mask > 0, soft >= 0.5)
    assert loaded.record.author == "A. Reader"
    assert loaded.record.voxels_added == int((mask > 0).sum() - (predicted >= 0.5).sum())
    # a second save amends the same case
    drag([(-lps[0], -lps[1], lps[2])], shift=True)
    correcting.widget.shortcuts._actions["Ctrl+Shift+S"]()
    assert "as revision 2" in wait_for(correcting)
    assert [row[:2] + row[3:4] for row in table_of(ui.caseTable)] == [["sub-01_T2w", "corrected", "2"]]


@pytest.fixture
def dataset(tmp_path):
    """A dataset of two images that wait, each with a prediction."""
    from CrossContrastLib.corrections.dataset import CorrectionDataset
    from CrossContrastLib.ground.images import write_image

    made = CorrectionDataset.create(tmp_path / "data")
    for subject in ("sub-01", "sub-02"):
        image = cord_image(left_handed=subject == "sub-01") + (0.0 if subject == "sub-01" else 1.0)
        sitk.WriteImage(image, str(tmp_path / f"{subject}_T2w.nii.gz"))
        case = made.add(tmp_path / f"{subject}_T2w.nii.gz")
        folder = made.layout.prediction(case.name)
        folder.mkdir(parents=True, exist_ok=True)
        write_image(cord_map(image), folder / f"{subject}_T2w_softseg.nii.gz")
    return made


def test_the_worklist_is_worked_through_case_by_case(opened, scene, dataset, monkeypatch):
    from SoftCordSegLib.scene.results import case_of

    panel = opened("SoftCordSeg")
    ui = panel.ui
    ready_to_save(panel, dataset.folder)
    assert [row[:2] for row in table_of(ui.caseTable)] == [["sub-01_T2w", "pending"], ["sub-02_T2w", "pending"]]
    ui.nextButton.click()
    assert "sub-01_T2w: in the order of the list; 1 other cases wait." in wait_for(panel)
    assert ui.caseLabel.text == "sub-01_T2w, as predicted"
    assert ui.inputSelector.currentNode().GetName() == "sub-01_T2w"
    first = panel.widget.correcting.correction.soft
    ui.saveButton.click()
    wait_for(panel)
    ui.nextButton.click()
    assert "sub-02_T2w" in wait_for(panel)
    assert first.GetScene() is None, "the case before went with its nodes"
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    assert names == ["sub-02_T2w", "sub-02_T2w soft cord", "sub-02_T2w soft cord as predicted"]
    ui.brushButton.click()
    drag([voxel_to_ras(panel.widget.correcting.correction.soft, 3, 3, 3)])
    asked = []
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text: asked.append(text))
    ui.nextButton.click()
    assert asked == ["The correction is not saved. Go on without it?"]
    assert not panel.widget.dataset.controls.busy
    ui.saveButton.click()
    wait_for(panel)
    ui.nextButton.click()
    assert "No other case" in wait_for(panel)
    ui.caseTable.selectRow(0)
    ui.openButton.click()
    wait_for(panel)
    assert case_of(panel.widget.correcting.correction.soft) == ("sub-01_T2w", 1)


def test_a_case_is_excluded_with_its_reason_and_included_again(opened, scene, dataset):
    panel = opened("SoftCordSeg")
    ui = panel.ui
    ready_to_save(panel, dataset.folder)
    assert "Select a case" in ui.excludeButton.toolTip
    ui.caseTable.selectRow(1)
    assert "Say why" in ui.excludeButton.toolTip
    ui.reasonLineEdit.text = "metal in the field of view"
    ui.excludeButton.click()
    row = table_of(ui.caseTable)[1]
    assert row[1] == "excluded"
    assert row[4].startswith("metal in the field of view (A. Reader")
    ui.caseTable.selectRow(1)
    assert ui.excludeButton.text == "Include again"
    ui.excludeButton.click()
    assert dataset.case("sub-02_T2w").state == "pending"


def test_corrections_are_exported_for_another_program(correcting, tmp_path, monkeypatch):
    ready_to_save(correcting, tmp_path / "data")
    correcting.ui.saveButton.click()
    wait_for(correcting)
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "nnUNet_raw"))
    correcting.ui.exportComboBox.setCurrentText("nnU-Net v2")
    correcting.ui.exportButton.click()
    assert "Exported 1 cases to" in wait_for(correcting)
    assert list((tmp_path / "nnUNet_raw").glob("Dataset701_*/labelsTr/*.nii.gz"))
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: "")
    correcting.ui.exportButton.click()
    assert not correcting.widget.dataset.controls.busy


def test_the_correction_survives_leaving_the_module_and_the_mouse_is_given_back(correcting, case):
    correcting.ui.brushButton.click()
    correcting.widget.exit()
    assert not correcting.widget.correcting._brush.on
    assert not correcting.widget.shortcuts._made
    correcting.widget.enter()
    assert correcting.widget.correcting.correction.soft is case[1]
    assert {str(s.key.toString()) for s in correcting.widget.shortcuts._made} == {
        "Ctrl+Shift+S",
        "Ctrl+Shift+N",
        "Ctrl+Shift+B",
        "Ctrl+Shift+D",
    }


def test_the_keys_do_what_they_say(correcting):
    keys = {s.key.toString(): s for s in correcting.widget.shortcuts._made}
    keys["Ctrl+Shift+B"].activated.emit()
    assert correcting.ui.brushButton.checked
    keys["Ctrl+Shift+D"].activated.emit()
    assert correcting.ui.differenceCheckBox.checked


def test_closing_the_scene_in_the_middle_of_everything_is_clean(correcting, tmp_path):
    ui = correcting.ui
    ready_to_save(correcting, tmp_path / "data")
    ui.brushButton.click()
    ui.differenceCheckBox.click()
    ui.saveButton.click()
    assert correcting.widget.dataset.controls.busy
    ui.runButton.click()
    slicer.mrmlScene.Clear(0)
    assert not correcting.widget.controls.busy
    assert not correcting.widget.dataset.controls.busy
    settle(correcting)
    assert correcting.widget.correcting.correction is None
    assert not ui.brushButton.checked
    assert table_of(ui.csaTable) == []
    assert "Choose an input volume" in ui.runButton.toolTip
    assert not list(Path(slicer.app.temporaryPath).glob("CrossContrast-*"))


def test_another_soft_map_ends_the_correction_of_the_first(correcting, case, scene, tmp_path):
    from SoftCordSegLib.scene.results import load_soft_map

    other = load_soft_map(scene, tmp_path / "soft.nii.gz", "other", case[0])
    correcting.ui.brushButton.click()
    correcting.ui.softMapSelector.setCurrentNode(other)
    assert correcting.widget.correcting.correction is None
    assert not correcting.ui.brushButton.checked
    assert correcting.ui.makeSegmentButton.enabled
    scene.RemoveNode(other)
    pump()
    settle(correcting)


def test_the_panel_is_drawn(correcting, tmp_path):
    settle(correcting)
    ready_to_save(correcting, tmp_path / "data")
    correcting.grab(tmp_path / "panel.png", 520)
    assert (tmp_path / "panel.png").stat().st_size > 20_000


def test_the_uncertainty_is_a_layer_of_its_own(panel, case, scene, tmp_path):
    from CrossContrastLib.scene.layers import shown_layers
    from SoftCordSegLib.scene.results import load_soft_map, uncertainty_of

    soft = load_soft_map(scene, tmp_path / "soft.nii.gz", "sure", case[0], spread=tmp_path / "soft.nii.gz")
    panel.ui.softMapSelector.setCurrentNode(soft)
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert shown_layers(view) == [soft]
    panel.ui.showUncertaintyCheckBox.click()
    assert shown_layers(view) == [soft, uncertainty_of(soft)]
    panel.ui.softMapSelector.setCurrentNode(case[1])
    assert shown_layers(view) == [case[1]]
    assert not panel.ui.showUncertaintyCheckBox.enabled
    assert "Uncertainty" in panel.ui.showUncertaintyCheckBox.toolTip


@pytest.fixture
def trained(dataset, model_home):
    """A finished retraining on the dataset whose candidate the gate refused; returns its folder."""
    import shutil

    from CrossContrastLib.corrections.documents import write_document
    from CrossContrastLib.ground.provenance import ModelRecord
    from CrossContrastLib.models.library import ModelLibrary
    from SoftCordSegLib.retrain.figures import Change, Figures
    from SoftCordSegLib.retrain.files import Outcome, Plan, RetrainFiles
    from SoftCordSegLib.retrain.gate import judge
    from SoftCordSegLib.retrain.settings import RetrainSettings

    files = RetrainFiles(dataset.folder.with_name("data-retrained-1"))
    entry, settings = ModelLibrary().find("softcord"), RetrainSettings()
    shutil.copytree(entry.folder, files.candidate)
    worse = Change(before=0.9, after=0.8, difference=-0.1, low=-0.2, high=0.0, subjects=3)
    figures = Figures(changes={"dice": worse, "soft_dice": worse}, areas=[], drift_mm2=1.5)
    record = ModelRecord(name=entry.name, version=entry.version, sha256="0" * 64)
    plan = Plan(dataset=dataset.folder, base=record, settings=settings, training=(), test=(), revisions={})
    write_document(files.plan, plan)
    write_document(files.outcome, Outcome(verdict=judge(figures, settings.limits), figures=figures))
    return files.folder


def test_a_candidate_is_judged_accepted_against_the_gate_and_rolled_back(opened, scene, dataset, trained, monkeypatch):
    panel = opened("SoftCordSeg")
    ui = panel.ui
    assert "Choose a correction dataset" in ui.retrainButton.toolTip
    assert "no candidate" in ui.acceptButton.toolTip
    ready_to_save(panel, dataset.folder)
    assert ui.retrainButton.enabled
    assert "Against the candidate: The fall of Dice" in ui.retrainLabel.text
    rows = table_of(ui.retrainTable)
    assert rows[0][1:] == ["0.900", "0.800", "-0.100 (-0.200 ... +0.000)", "3"]
    assert rows[-1][3] == "1.50"
    version = int(ui.modelComboBox.currentText.partition("@")[2].split()[0])
    asked = []
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text: asked.append(text))
    ui.acceptButton.click()
    assert "does not keep to the limits" in asked[0]
    assert f"softcord@{version} (current)" in ui.modelComboBox.currentText
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text: True)
    ui.acceptButton.click()
    assert f"softcord@{version + 1} (current)" in ui.modelComboBox.currentText
    assert "Accepted as softcord" in ui.retrainLabel.text
    assert not ui.acceptButton.enabled
    assert f"softcord@{version}" in ui.rollBackButton.toolTip
    ui.rollBackButton.click()
    assert f"softcord@{version} (current)" in ui.modelComboBox.currentText


def test_a_candidate_is_kept_aside_and_its_report_opens(opened, scene, dataset, trained, monkeypatch):
    panel = opened("SoftCordSeg")
    ready_to_save(panel, dataset.folder)
    shown = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    panel.ui.reportButton.click()
    assert shown == [str(trained / "report.html")]
    panel.ui.keepButton.click()
    assert f"kept aside in {trained}" in panel.ui.retrainLabel.text
    assert not panel.ui.acceptButton.enabled


def test_a_retraining_that_cannot_begin_says_why(opened, scene, dataset, caplog):
    panel = opened("SoftCordSeg")
    ready_to_save(panel, dataset.folder)
    panel.ui.retrainButton.click()
    assert not panel.ui.acceptButton.enabled
    assert pump(lambda: not panel.widget.retrain.controls.busy, 60)
    assert "correct" in panel.ui.retrainStatusLabel.text
    assert panel.ui.retrainButton.enabled
