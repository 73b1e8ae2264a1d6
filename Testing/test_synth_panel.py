"""SynthSeg's page Segment: soft maps per class, their correction, and the dataset of each structure."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import pump, start
from qt_harness.fixtures import _in_place, _opened, _scene  # noqa: F401 - fixtures
from support import oblique_direction

slicer = start()


@pytest.fixture
def segmented(opened, scene, model_home, tmp_path):
    """The panel after an oblique image from a file was segmented into two structures by random weights."""
    from tools.random_translator import write_random_segmentation

    from crosscontrast.models.library import ModelLibrary
    from crosscontrast.scene.results import load_image

    image = sitk.GetImageFromArray(np.random.default_rng(5).normal(100, 20, (16, 20, 24)).astype(np.float32))
    image.SetSpacing((0.8, 0.9, 2.5))
    image.SetOrigin((10.0, -30.0, 5.0))
    image.SetDirection(oblique_direction(True))
    sitk.WriteImage(image, str(tmp_path / "sub-07_T2w.nii.gz"))
    write_random_segmentation(tmp_path / "bundle", ("vessels", "brain stem"))
    ModelLibrary().add(tmp_path / "bundle", "random-segmentation")
    node = load_image(scene, tmp_path / "sub-07_T2w.nii.gz")
    panel = opened("SynthSeg")
    ui = panel.ui
    ui.tabWidget.currentIndex = 1
    ui.inputSelector.setCurrentNode(node)
    ui.segmentModelComboBox.setCurrentIndex(ui.segmentModelComboBox.findData("random-segmentation"))
    assert ui.runButton.text == "Segment"
    ui.runButton.click()
    assert pump(lambda: not panel.widget.controls.busy, 120)
    assert ui.statusLabel.text.startswith("Done.")
    return panel


def saved(panel):
    panel.ui.saveButton.click()
    assert pump(lambda: not panel.widget.segmenting.saving.controls.busy, 60)
    return panel.ui.saveStatusLabel.text


def choose(panel, name):
    panel.ui.classComboBox.setCurrentText(name)


def test_a_corrected_class_is_saved_into_the_dataset_of_its_structure(segmented, tmp_path):
    from crosscontrast.corrections.dataset import CorrectionDataset
    from crosscontrast.ground.geometry import same_grid
    from crosscontrast.scene.images import voxels
    from crosscontrast.scene.segments import segment_voxels, set_segment

    ui = segmented.ui
    assert [ui.classComboBox.itemText(n) for n in range(ui.classComboBox.count)] == ["vessels", "brain stem"]
    choose(segmented, "brain stem")
    assert "folder of the dataset" in ui.saveButton.toolTip
    ui.datasetPathLineEdit.currentPath = str(tmp_path / "stems")
    assert "Make segment" in ui.saveButton.toolTip
    ui.makeSegmentButton.click()
    correction = segmented.widget.segmenting.correcting.correction
    assert correction.segmentation.GetSegmentation().GetNthSegment(0).GetName() == "brain stem"
    assert "Say your name" in ui.saveButton.toolTip
    ui.authorLineEdit.text = "A. Reader"
    ui.authorLineEdit.editingFinished.emit()
    predicted = voxels(correction.soft).copy()
    inside = segment_voxels(correction.segmentation, correction.soft)
    inside[3:6, 4:9, 5:11] = ~inside[3:6, 4:9, 5:11]
    set_segment(correction.segmentation, correction.soft, inside)
    assert "Saved sub-07_T2w as revision 1" in saved(segmented)
    dataset = CorrectionDataset.open(tmp_path / "stems")
    assert dataset.settings.label == "brainstem"
    loaded = dataset.load("sub-07_T2w")
    image = sitk.ReadImage(str(tmp_path / "sub-07_T2w.nii.gz"))
    assert same_grid(loaded.soft, image)
    assert loaded.record.author == "A. Reader"
    assert loaded.record.model.name == "random-segmentation"
    given = sitk.GetArrayFromImage(loaded.mask) > 0
    soft = sitk.GetArrayFromImage(loaded.soft)
    np.testing.assert_array_equal(given, soft >= 0.5)
    assert given.sum() == inside.sum()
    assert loaded.record.voxels_changed == np.count_nonzero((predicted >= 0.5) != inside)
    segmented.grab(tmp_path / "segment.png", 520)


@pytest.mark.usefixtures("in_place")
def test_a_structure_does_not_get_into_the_dataset_of_another(segmented, tmp_path):
    from crosscontrast.corrections.dataset import CorrectionDataset

    CorrectionDataset.create(tmp_path / "cords")
    ui = segmented.ui
    ui.datasetPathLineEdit.currentPath = str(tmp_path / "cords")
    ui.authorLineEdit.text = "A. Reader"
    ui.makeSegmentButton.click()
    assert "is one of 'SC', not of 'vessels'" in saved(segmented)
    assert not CorrectionDataset.open(tmp_path / "cords").cases()


@pytest.mark.usefixtures("in_place")
def test_what_is_wrong_with_the_dataset_is_said_where_its_folder_is_named(segmented, tmp_path):
    from crosscontrast.corrections.dataset import CorrectionDataset

    dataset = CorrectionDataset.create(tmp_path / "cords")
    image = sitk.ReadImage(str(tmp_path / "sub-07_T2w.nii.gz"))
    for contrast, subject in (("T1w", "pat9T1w"), ("T2w", "pat9")):
        image += 1
        sitk.WriteImage(image, str(tmp_path / f"pat9_{contrast}.nii.gz"))
        dataset.add(tmp_path / f"pat9_{contrast}.nii.gz", subject=subject)
    segmented.ui.datasetPathLineEdit.currentPath = str(tmp_path / "cords")
    assert "sub-pat9 and sub-pat9T1w are one person" in segmented.ui.saveStatusLabel.text


@pytest.mark.usefixtures("in_place")
def test_an_unsaved_correction_is_not_left_for_another_class_without_asking(segmented, monkeypatch):
    from crosscontrast.scene.segments import segment_voxels, set_segment

    ui, correcting = segmented.ui, segmented.widget.segmenting.correcting
    ui.makeSegmentButton.click()
    correction = correcting.correction
    inside = segment_voxels(correction.segmentation, correction.soft)
    set_segment(correction.segmentation, correction.soft, ~inside)
    correcting.take_segment()
    asked = []
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text: asked.append(text))
    choose(segmented, "brain stem")
    assert asked == ["The correction is not saved. Go on without it?"]
    assert ui.classComboBox.currentText == "vessels"
    assert correcting.correction is correction
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text: True)
    choose(segmented, "brain stem")
    assert correcting.correction is None


@pytest.mark.usefixtures("in_place")
def test_closing_the_scene_ends_the_correction(segmented):
    segmented.ui.makeSegmentButton.click()
    slicer.mrmlScene.Clear(0)
    assert segmented.widget.segmenting.correcting.correction is None
    assert segmented.ui.classComboBox.count == 0
    assert not segmented.ui.saveButton.enabled
