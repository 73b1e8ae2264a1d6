# ruff: noqa: E402 - the imports need slicer, which may be absent
"""Predict, overlay, segment, edit, save, reload, export: the edited voxels come out where they were edited."""

import numpy as np
import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from crosscontrast.cord.jobs import SegmentCord
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.jobs import ExportCorrections, SaveCorrection
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like
from crosscontrast.progress import silent
from crosscontrast.scene.correction import Correction
from crosscontrast.scene.images import file_of, image_of, put_on
from crosscontrast.scene.layers import shown_layers
from crosscontrast.scene.results import load_image, load_soft_map
from crosscontrast.scene.segments import set_segment
from crosscontrast.scene.soft_map import show_soft_map


@pytest.fixture
def scene():
    made = slicer.vtkMRMLScene()
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(made)
    made.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    yield made
    logic.SetMRMLScene(None)


def go_through(scene, image_path, softseg, folder):
    """Load, show, edit voxels named on the file's grid, save and export; return expected and exported mask."""
    image = sitk.ReadImage(str(image_path))
    predicted = sitk.GetArrayFromImage(sitk.ReadImage(str(softseg)))
    source = load_image(scene, image_path)
    soft = load_soft_map(scene, softseg, "soft cord", source)
    show_soft_map(scene, soft, source, 0.5, 0.6)
    assert shown_layers(scene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")) == [soft]
    correction = Correction(scene, soft, 0.5, "cord")

    expected = predicted >= 0.5
    k, j, i = (int(index) for index in np.argwhere(expected)[expected.sum() // 2])
    expected[k, j, i : i + 7] = True  # an asymmetric edit: a spike, and a corner far away
    expected[k, j - 1 : j + 2, i - 1] = False
    expected[0:2, 0:3, 0:4] = True
    on_node = sitk.GetArrayFromImage(put_on(image_like(expected.astype(np.uint8), image), image_of(soft)))
    set_segment(correction.segmentation, soft, on_node > 0)
    assert correction.take_segment() is not None

    files = correction.write(folder)
    saved = SaveCorrection(dataset=folder / "data", image=file_of(source), author="A. Reader", **files).run(silent)
    loaded = CorrectionDataset.open(folder / "data").load(saved.case)
    assert same_grid(loaded.mask, image)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(loaded.mask) > 0, expected)
    soft_saved = sitk.GetArrayFromImage(loaded.soft)
    untouched = expected == (predicted >= 0.5)
    np.testing.assert_allclose(soft_saved[untouched], predicted[untouched], atol=1e-6)

    job = ExportCorrections(dataset=folder / "data", out=folder / "nnunet", form="nnunet")
    (label,) = job.run(silent).folder.glob("labelsTr/*.nii.gz")
    return expected, sitk.GetArrayFromImage(put_on(sitk.ReadImage(str(label)), image)) > 0


def test_on_an_awkward_image(scene, awkward_image, tmp_path):
    sitk.WriteImage(awkward_image, str(tmp_path / "sub-03_T2w.nii.gz"))
    values = sitk.GetArrayFromImage(awkward_image)
    soft = np.clip((sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(awkward_image, 1.0)) - 120) / 300, 0, 1)
    sitk.WriteImage(image_like(soft.astype(np.float32), awkward_image), str(tmp_path / "soft.nii.gz"))
    assert values.shape == soft.shape
    expected, exported = go_through(scene, tmp_path / "sub-03_T2w.nii.gz", tmp_path / "soft.nii.gz", tmp_path)
    np.testing.assert_array_equal(exported, expected)


def test_on_a_real_left_handed_image(scene, real_data, model_home, tmp_path):
    path = real_data / "cord" / "single" / "t2_ms.nii.gz"
    image = sitk.ReadImage(str(path))
    assert np.linalg.det(np.array(image.GetDirection()).reshape(3, 3)) < 0
    result = SegmentCord(image=path, out=tmp_path / "predicted", device="cpu").run(silent)
    expected, exported = go_through(scene, path, result.softseg, tmp_path)
    np.testing.assert_array_equal(exported, expected)
