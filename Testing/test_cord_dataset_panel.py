"""The clinician's loop in the panel of SoftCordSeg, continued: save, next case, exclude, export, retrain."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import start
from qt_harness.cord_panel import (
    _case,  # noqa: F401 - a fixture
    _correcting,  # noqa: F401
    _dataset,  # noqa: F401
    _panel,  # noqa: F401
    cord_map,
    drag,
    ready_to_save,
    settle,
    voxel_to_ras,
    wait_for,
)
from qt_harness.fixtures import _in_place, _opened, _scene, table_of  # noqa: F401

slicer = start()
import qt  # noqa: E402 - the harness makes it


def test_a_saved_correction_lies_on_the_grid_of_the_left_handed_file_where_it_was_drawn(correcting, case, tmp_path):
    from crosscontrast.corrections.dataset import CorrectionDataset
    from crosscontrast.ground.geometry import same_grid

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


@pytest.mark.usefixtures("in_place")
def test_the_worklist_is_worked_through_case_by_case(opened, scene, dataset, monkeypatch):
    from crosscontrast.scene.results import case_of

    panel = opened("SoftCordSeg")
    ui = panel.ui
    ready_to_save(panel, dataset.folder)
    assert [row[:2] for row in table_of(ui.caseTable)] == [["sub-01_T2w", "pending"], ["sub-02_T2w", "pending"]]
    ui.nextButton.click()
    assert "sub-01_T2w: in the order of the list; 1 other case waits." in wait_for(panel)
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
    ui.caseTable.selectRow(0)
    ui.openButton.click()
    assert asked == ["The correction is not saved. Go on without it?"]
    assert not panel.widget.dataset.controls.busy
    ui.saveButton.click()
    wait_for(panel)
    assert not ui.nextButton.enabled
    assert ui.nextButton.toolTip == "No other case waits to be corrected."
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


@pytest.mark.usefixtures("in_place")
def test_corrections_are_exported_for_another_program(correcting, tmp_path, monkeypatch):
    ready_to_save(correcting, tmp_path / "data")
    correcting.ui.saveButton.click()
    wait_for(correcting)
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "nnUNet_raw"))
    correcting.ui.exportComboBox.setCurrentText("nnU-Net v2")
    correcting.ui.exportButton.click()
    assert "Exported 1 case to" in wait_for(correcting)
    assert list((tmp_path / "nnUNet_raw").glob("Dataset701_*/labelsTr/*.nii.gz"))
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: "")
    correcting.ui.exportButton.click()
    assert not correcting.widget.dataset.controls.busy


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


def test_the_panel_is_drawn(correcting, tmp_path):
    settle(correcting)
    ready_to_save(correcting, tmp_path / "data")
    correcting.grab(tmp_path / "panel.png", 520)
    assert (tmp_path / "panel.png").stat().st_size > 20_000


@pytest.fixture
def trained(dataset, model_home):
    """A finished retraining on the dataset whose candidate the gate refused; returns its folder."""
    import shutil

    from crosscontrast.cord.retrain.figures import Change, Figures
    from crosscontrast.cord.retrain.files import Outcome, Plan, RetrainFiles
    from crosscontrast.cord.retrain.gate import judge
    from crosscontrast.cord.retrain.settings import RetrainSettings
    from crosscontrast.corrections.documents import write_document
    from crosscontrast.ground.provenance import ModelRecord
    from crosscontrast.models.library import ModelLibrary

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
    assert "of no subject; two are needed" in ui.retrainButton.toolTip
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
    assert f"Kept aside in {trained}." in panel.ui.retrainLabel.text
    assert "already" in panel.ui.keepButton.toolTip
    assert panel.ui.acceptButton.enabled, "one may think better of it"
    ready_to_save(panel, dataset.folder.with_name("other"))
    ready_to_save(panel, dataset.folder)
    assert f"Kept aside in {trained}." in panel.ui.retrainLabel.text


def test_a_retraining_can_begin_once_two_subjects_are_corrected(opened, scene, dataset):
    from crosscontrast.ground.images import read_image

    panel = opened("SoftCordSeg")
    ready_to_save(panel, dataset.folder)
    assert not panel.ui.retrainButton.enabled
    for case, enough in zip(dataset.cases(), (False, True), strict=True):
        soft = cord_map(read_image(case.image))
        dataset.save(case.name, soft, soft > 0.5, author="A. Reader")
        panel.widget.dataset.refresh()
        panel.widget.retrain.update()
        assert panel.ui.retrainButton.enabled == enough, panel.ui.retrainButton.toolTip
    assert "by the speed of this machine" in panel.ui.retrainTimeLabel.text
