"""The four modules, unmodified, opened and used without Slicer (see qt_harness)."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import MODULES, ROOT, pump, start
from qt_harness.fixtures import _in_place, _opened, _scene, table_of  # noqa: F401 - fixtures

slicer = start()


@pytest.fixture
def volume(scene):
    """A volume of noise of 24 x 20 x 16 voxels, small enough for a network on a CPU."""
    return add_volume("T2w", np.random.default_rng(5).normal(100, 20, (16, 20, 24)))


def add_volume(name, values):
    matrix = np.array([[-0.8, 0, 0, 10], [0, -0.9, 0, 20], [0, 0, 1.5, -30], [0, 0, 0, 1]])
    return slicer.util.addVolumeFromArray(values.astype(np.float32), ijkToRAS=matrix, name=name)


def run(panel, seconds=120):
    """Press Run and wait until the job has ended."""
    assert panel.ui.runButton.enabled, panel.ui.runButton.toolTip
    panel.ui.runButton.click()
    assert pump(lambda: not panel.widget.controls.busy, seconds)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_describes_itself_and_its_panel_opens(opened, name, tmp_path):
    panel = opened(name)
    assert panel.parent.title
    assert panel.parent.categories
    assert "research only" in panel.parent.helpText or name == "CrossContrast"
    assert panel.parent.dependencies[:1] == ([] if name == "CrossContrast" else ["CrossContrast"])
    assert not panel.parent.icon.isNull()
    panel.grab(tmp_path / "panel.png")


@pytest.mark.parametrize("name", MODULES)
def test_the_self_test_that_slicer_runs_passes(opened, name):
    getattr(opened(name).module, f"{name}Test")().runTest()


@pytest.mark.parametrize("name", MODULES)
def test_the_ui_file_passes_the_scene_to_every_node_selector(name):
    ui = ET.parse(ROOT / name / "Resources" / "UI" / f"{name}.ui").getroot()
    selectors = {w.get("name") for w in ui.iter("widget") if w.get("class", "").endswith("NodeComboBox")}
    connected = {
        connection.findtext("receiver")
        for connection in ui.iter("connection")
        if connection.findtext("signal") == "mrmlSceneChanged(vtkMRMLScene*)"
        and connection.findtext("slot") == "setMRMLScene(vtkMRMLScene*)"
    }
    assert connected == selectors


def test_a_mistyped_attribute_is_refused(opened):
    panel = opened("SoftCordSeg")
    for widget in (panel.ui.runButton, panel.ui.inputSelector):
        with pytest.raises(AttributeError, match="enabeld"):
            widget.enabeld = True


def test_modules_open_where_no_package_of_pip_is_installed(tmp_path):
    """A Slicer fresh from its installer; Run then says which module needs packages instead of failing."""
    script = f"""
import sys
sys.path.insert(0, {str(ROOT / "Testing")!r})
from qt_harness.application import MODULES, open_panel, start
slicer = start()
import slicer.packaging
slicer.packaging.pip_check = lambda *_: False
for name in ("pydantic", "psutil", "platformdirs", "nibabel", "monai", "skimage", "matplotlib", "dask"):
    sys.modules[name] = None
slicer.util.errorDisplay = lambda text, **_: print(text)
def declined(requirements, requester, **_):
    raise RuntimeError("the user declined")
slicer.packaging.pip_ensure = declined
import numpy as np
volumes = [slicer.util.addVolumeFromArray(np.zeros((4, 4, 4)), name=name) for name in "ab"]
for name in MODULES:
    panel = open_panel(name)
    if name == "CrossContrast":
        assert not panel.ui.modelsCollapsibleButton.enabled
        panel.ui.installButton.click()
        continue
    if name == "RadiomicsCompare":
        panel.ui.referenceSelector.setCurrentNode(volumes[0])
        panel.ui.testSelector.setCurrentNode(volumes[1])
    assert panel.ui.runButton.enabled, panel.ui.runButton.toolTip
    panel.ui.runButton.click()
    panel.close()
"""
    environment = os.environ | {"CROSSCONTRAST_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("needs Python packages that were not installed: the user declined.") == 4


def test_run_needs_an_input_volume(opened, scene):
    panel = opened("SoftCordSeg")
    assert not panel.ui.runButton.enabled
    assert "input volume" in panel.ui.runButton.toolTip
    node = add_volume("T1w", np.zeros((4, 4, 4)))
    panel.ui.inputSelector.setCurrentNode(node)
    assert panel.ui.runButton.enabled
    scene.RemoveNode(node)
    pump()
    assert not panel.ui.runButton.enabled


@pytest.fixture
def comparing(opened, volume):
    """The quickest job there is, set up: a volume compared with itself plus 4 on the left and plus 9 on the right."""
    values = slicer.util.arrayFromVolume(volume)
    other = add_volume("synthetic", values + np.where(np.arange(24) < 12, 4, 9))
    panel = opened("RadiomicsCompare")
    assert not panel.ui.runButton.enabled
    panel.ui.referenceSelector.setCurrentNode(volume)
    panel.ui.testSelector.setCurrentNode(volume)
    assert "two different volumes" in panel.ui.runButton.toolTip
    panel.ui.testSelector.setCurrentNode(other)
    return panel


def test_cancel_stops_the_job_and_the_next_one_works(comparing):
    ui = comparing.ui
    ui.runButton.click()
    assert not ui.runButton.enabled
    assert ui.cancelButton.enabled
    ui.cancelButton.click()
    assert ui.statusLabel.text == "Cancelled."
    assert not ui.cancelButton.enabled
    assert table_of(ui.resultTable) == []
    run(comparing)
    assert table_of(ui.resultTable)


def test_closing_the_scene_cancels_the_job(comparing):
    comparing.ui.runButton.click()
    assert comparing.widget.controls.busy
    slicer.mrmlScene.Clear(0)
    assert not comparing.widget.controls.busy
    assert comparing.ui.statusLabel.text == "Cancelled."
    assert "Choose a reference" in comparing.ui.runButton.toolTip


def test_leaving_the_module_lets_the_job_go_on_and_unloading_it_does_not(comparing):
    comparing.ui.runButton.click()
    comparing.widget.exit()
    assert comparing.widget.controls.busy
    comparing.widget.cleanup()
    assert not comparing.widget.controls.busy


@pytest.fixture
def nothing_shipped(monkeypatch):
    """A library in which only the user's models are."""
    from crosscontrast.models import library

    monkeypatch.setattr(library, "shipped_models_folder", lambda: None)


@pytest.fixture
def translator(model_home, nothing_shipped, tmp_path):
    """A translation model with random weights, the only one in the library."""
    from tools.random_translator import write_random_translator

    from crosscontrast.models.library import ModelLibrary

    write_random_translator(tmp_path / "bundle")
    return ModelLibrary().add(tmp_path / "bundle", "random-translator")


def test_nothing_can_be_translated_without_a_model_for_it(nothing_shipped, opened, volume):
    panel = opened("SynthSeg")
    assert not panel.ui.runButton.enabled
    assert "no model for translation" in panel.ui.runButton.toolTip


def test_the_panel_opens_with_the_translator_that_is_shipped(opened, volume):
    panel = opened("SynthSeg")
    assert panel.ui.modelComboBox.currentData == "cordsynth"
    assert panel.ui.runButton.enabled


def test_a_volume_is_translated_into_the_output_volume(translator, opened, volume):
    output = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Pseudo-CT")
    panel = opened("SynthSeg")
    assert panel.ui.modelComboBox.currentText == "random-translator@1 (current)"
    panel.ui.outputSelector.setCurrentNode(output)
    run(panel)
    assert panel.ui.statusLabel.text.startswith("Done.")
    assert slicer.util.arrayFromVolume(output).shape == (16, 20, 24)
    assert slicer.util.arrayFromVolume(output).std() > 0
    assert slicer.util.getNode("T2w_pet SYNTHETIC").GetSpacing() == pytest.approx(volume.GetSpacing(), abs=1e-5)
    views = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert [view.GetBackgroundVolumeID() for view in views[:2]] == [volume.GetID(), output.GetID()]


@pytest.mark.usefixtures("in_place")
def test_what_the_quality_gate_says_stands_beside_the_translation_and_a_stop_in_its_name(
    translator, opened, volume, tmp_path
):
    from crosscontrast.panels.synthesis.gate_view import mark
    from crosscontrast.radiomics.gate.verdict import Check, GateVerdict, Limit

    panel = opened("SynthSeg")
    label = panel.widget.pages[0].gate.label
    assert "can be relied on" in label.text
    run(panel)
    output = panel.ui.outputSelector.currentNode()
    assert "<b>Caution" in label.text
    assert "random-translator@1 has no profile of its training images" in label.text
    beyond = Check.of("intensity range", 9.0, Limit(caution=1, stop=2), "values <0 lie far beyond")
    mark(output, GateVerdict.of([beyond]))
    panel.widget.onParametersChanged()
    assert label.text.startswith("<b>STOP: do not use this image</b><br>stop")
    assert "values &lt;0 lie far beyond (caution above 1, stop above 2)" in label.text
    assert output.GetName().endswith(" - STOP, not usable")
    panel.grab(tmp_path / "stopped.png")
    run(panel)
    assert "STOP" not in output.GetName() + label.text


@pytest.mark.usefixtures("in_place")
def test_translation_and_source_are_seen_beside_over_and_after_each_other(translator, opened, volume, tmp_path):
    panel = opened("SynthSeg")
    ui = panel.ui
    assert not ui.sideBySideButton.enabled
    run(panel)
    output = ui.outputSelector.currentNode()
    views = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    ui.overlayButton.click()
    ui.opacitySlider.value = 0.25
    assert {view.GetForegroundOpacity() for view in views} == {0.25}
    ui.blinkButton.checked = True
    assert pump(lambda: views[0].GetForegroundOpacity() == 1, 5)
    assert pump(lambda: views[0].GetForegroundOpacity() == 0, 5)
    ui.blinkButton.checked = False
    assert views[0].GetForegroundOpacity() == 0.25
    ui.sideBySideButton.click()
    assert [view.GetBackgroundVolumeID() for view in views[:2]] == [volume.GetID(), output.GetID()]
    assert all(view.GetLinkedControl() for view in views[:2])
    panel.grab(tmp_path / "translate.png")


@pytest.mark.usefixtures("in_place")
def test_feature_maps_are_loaded_and_pictured(translator, opened, volume, tmp_path):
    panel = opened("SynthSeg")
    ui = panel.ui
    ui.tabWidget.currentIndex = 3
    assert ui.runButton.text == "Show feature maps"
    ui.listLayersButton.click()
    assert ui.layerComboBox.currentText == "stem (4)"
    run(panel)
    assert slicer.util.arrayFromVolume(slicer.util.getNode("stem 4")).shape == (16, 20, 24)
    assert not ui.featuresLabel.pixmap.isNull()
    panel.grab(tmp_path / "features.png")


@pytest.mark.slow
def test_a_translator_is_trained_and_labels_are_cleansed_in_the_panel(opened, scene, tmp_path):
    from crosscontrast.synthesis.phantom.write import write_phantoms

    table = write_phantoms("prostate", tmp_path / "c", subjects=12, size=16)
    panel = opened("SynthSeg")
    ui = panel.ui
    ui.tabWidget.currentIndex = 2
    assert "Fill in" in ui.runButton.toolTip
    ui.cohortPathLineEdit.currentPath = str(table)
    ui.sourceRoleLineEdit.text, ui.targetRoleLineEdit.text = "us", "t2w"
    ui.networkComboBox.setCurrentIndex(ui.networkComboBox.findData("unet3d"))
    ui.trainingPathLineEdit.currentPath = str(tmp_path / "run")
    ui.stepsSpinBox.value = 40
    ui.nameLineEdit.text = "us2mri"
    run(panel, 250)
    assert ui.statusLabel.text == "Done."
    assert not ui.curvesLabel.pixmap.isNull()
    assert not ui.samplesLabel.pixmap.isNull()
    panel.grab(tmp_path / "train.png")
    assert ui.modelComboBox.currentText == "us2mri@1 (current)"
    ui.tabWidget.currentIndex = 4
    ui.labelCohortPathLineEdit.currentPath = str(table)
    ui.imageRoleLineEdit.text, ui.labelRoleLineEdit.text, ui.classesLineEdit.text = "t2w", "zones", "gland=1+2+3+4+5"
    ui.labellingComboBox.setCurrentText("noisy")
    ui.cleanseStepsSpinBox.value = 3
    ui.proposalPathLineEdit.currentPath = str(tmp_path / "out")
    run(panel, 250)
    assert ui.statusLabel.text == "Done."
    assert slicer.util.getNode("sub-001_zones_proposal").IsA("vtkMRMLSegmentationNode")
    panel.grab(tmp_path / "cleanse.png")


@pytest.mark.usefixtures("in_place")
def test_two_volumes_are_compared_in_a_segment(comparing, volume, tmp_path):
    values = slicer.util.arrayFromVolume(volume)
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    labels.CopyContent(volume)
    slicer.util.updateVolumeFromArray(labels, np.broadcast_to(np.arange(24) < 12, values.shape).astype(np.uint8))
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "left half")
    slicer.segmentationsLogic.ImportLabelmapToSegmentationNode(labels, segmentation)
    ui = comparing.ui
    ui.maskSelector.setCurrentNode(segmentation)
    ui.dataRangeSpinBox.value = 200
    ui.tablePathLineEdit.currentPath = str(tmp_path / "table.tsv")
    run(comparing)
    rows = dict(table_of(ui.resultTable))
    assert float(rows["MAE"]) == pytest.approx(4, abs=1e-3)
    assert rows["Data range"] == "200 (given)"
    assert rows["Voxels"] == str(values.size // 2)
    header, row = (tmp_path / "table.tsv").read_text().splitlines()
    assert dict(zip(header.split("\t"), row.split("\t"), strict=True))["mask"] == "left_half.nrrd"
    slicer.mrmlScene.RemoveNode(segmentation)
    run(comparing)
    assert float(dict(table_of(ui.resultTable))["MAE"]) == pytest.approx(6.5, abs=1e-3)
    comparing.grab(tmp_path / "compared.png")


def test_a_failed_job_says_why_and_the_panel_stays_usable(comparing, caplog):
    slicer.util.getNode("synthetic").SetOrigin(10.8, 20, -30)
    run(comparing)
    assert "different grids" in comparing.ui.statusLabel.text
    assert "different grids" in caplog.text
    comparing.ui.resampleCheckBox.checked = True
    run(comparing)
    assert dict(table_of(comparing.ui.resultTable))["Resampled"] == "yes"


def test_the_library_can_be_seen_added_to_verified_and_rolled_back(translator, opened, tmp_path):
    panel = opened("CrossContrast")
    assert not panel.ui.addButton.enabled
    panel.ui.sourcePathLineEdit.currentPath = str(tmp_path / "bundle")
    panel.ui.nameLineEdit.text = "random-translator"
    panel.ui.addButton.click()
    rows = {(row[0], row[1]): row for row in table_of(panel.ui.modelTable)}
    assert rows["random-translator", "2"][2] == "yes"
    assert rows["random-translator", "2"][4] == ""
    (translator.folder / "models" / "model.pt").write_bytes(b"not what was added")
    panel.ui.verifyButton.click()
    rows = {(row[0], row[1]): row for row in table_of(panel.ui.modelTable)}
    assert rows["random-translator", "2"][3] == "unchanged"
    assert "does not match its recorded SHA-256" in rows["random-translator", "1"][3]
    panel.ui.modelTable.selectRow(list(rows).index(("random-translator", "2")))
    assert "random-translator@1" in panel.ui.rollBackButton.toolTip
    panel.ui.rollBackButton.click()
    rows = table_of(panel.ui.modelTable)
    assert {tuple(row[:3]) for row in rows} >= {("random-translator", "1", "yes")}
    panel.ui.modelTable.selectRow([tuple(row[:2]) for row in rows].index(("random-translator", "2")))
    assert panel.ui.rollBackButton.text == "Make current"
    panel.grab(tmp_path / "library.png")


def test_shipped_models_are_said_to_be_and_an_earlier_one_can_be_gone_back_to(model_home, opened):
    panel = opened("CrossContrast")
    rows = table_of(panel.ui.modelTable)
    numbers = {tuple(row[:2]): number for number, row in enumerate(rows)}
    assert rows[numbers["softcord", "10"]][4] == "yes"
    panel.ui.modelTable.selectRow(numbers["softcord", "3"])
    assert panel.ui.rollBackButton.text == "Roll back"


def test_what_cannot_be_added_is_said(opened, caplog, tmp_path):
    panel = opened("CrossContrast")
    panel.ui.sourcePathLineEdit.currentPath = str(tmp_path / "absent")
    panel.ui.addButton.click()
    assert "absent" in caplog.text
    assert panel.ui.sourcePathLineEdit.currentPath


def test_the_default_device_is_kept_and_explained(opened):
    panel = opened("CrossContrast")
    panel.ui.deviceComboBox.setCurrentText("cpu")
    assert panel.ui.deviceLabel.text.startswith("cpu (")
    from crosscontrast.panels.choices import device_of

    assert (device_of("default"), device_of("mps")) == ("cpu", "mps")


def test_the_installation_is_reported(opened):
    panel = opened("CrossContrast")
    panel.ui.checkButton.click()
    assert "Python: 3." in panel.ui.reportText.plainText
    assert "model softcord@" in panel.ui.reportText.plainText
