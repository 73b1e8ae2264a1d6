"""Cases opened and corrections saved as the panel asks for it, on phantoms with the shipped model's place taken."""

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.cord.correcting.jobs import OpenCase
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.jobs import SaveCorrection
from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like
from crosscontrast.progress import silent


def as_mrml_has_it(image):
    """The same voxels on a right-handed grid, as MRML makes it: the third axis turned round where need be."""
    if np.linalg.det(np.array(image.GetDirection()).reshape(3, 3)) > 0:
        return image
    return sitk.Flip(image, [False, False, True])


@pytest.fixture
def files(awkward_image, tmp_path):
    """An image, and a correction of it as the scene writes it."""
    sitk.WriteImage(awkward_image, str(tmp_path / "sub-07_T2w.nii.gz"))
    soft = sitk.GetArrayFromImage(sitk.Cast(awkward_image > 400, sitk.sitkFloat32)) * np.float32(0.9)
    mask = (soft > 0.5).astype(np.uint8)
    mask[6, 10, 20] = 1
    soft[6, 10, 20] = 0.6
    arrays = {"soft": soft, "mask": mask, "before": (soft > 0.8).astype(np.uint8)}
    for name, values in arrays.items():
        sitk.WriteImage(as_mrml_has_it(image_like(values, awkward_image)), str(tmp_path / f"{name}.nrrd"))
    return {"image": tmp_path / "sub-07_T2w.nii.gz"} | {name: tmp_path / f"{name}.nrrd" for name in arrays}, arrays


def test_a_first_correction_makes_the_dataset_and_the_case_and_lies_where_it_was_drawn(files, awkward_image, tmp_path):
    paths, arrays = files
    job = SaveCorrection(dataset=tmp_path / "data", author="A. Reader", seconds=61, **paths)
    result = job.run(silent)
    assert (result.case, result.revision) == ("sub-07_T2w", 1)
    assert (result.voxels_added, result.voxels_removed, result.overtaken) == (1, 0, [])
    dataset = CorrectionDataset.open(tmp_path / "data")
    loaded = dataset.load("sub-07_T2w")
    assert same_grid(loaded.soft, awkward_image)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(loaded.mask), arrays["mask"])
    np.testing.assert_array_equal(sitk.GetArrayFromImage(loaded.soft), arrays["soft"])
    assert (loaded.record.author, loaded.record.seconds) == ("A. Reader", 61)
    again = job.model_copy(update={"case": result.case}).run(silent)
    assert (again.revision, again.overtaken) == (2, [1]), "it began before revision 1, which someone saved meanwhile"


def test_an_object_that_was_removed_leaves_no_rim_behind(files, awkward_image, tmp_path):
    paths, arrays = files
    soft = arrays["soft"].copy()
    soft[8:, 14:17, 22:26] = 0.3  # what lay around a false object whose core was erased
    before = arrays["before"].copy()
    before[9, 15, 24] = 1
    for name, values in {"soft": soft, "before": before}.items():
        sitk.WriteImage(as_mrml_has_it(image_like(values, awkward_image)), str(paths[name]))
    SaveCorrection(dataset=tmp_path / "data", **paths).run(silent)
    saved = sitk.GetArrayFromImage(CorrectionDataset.open(tmp_path / "data").load("sub-07_T2w").soft)
    np.testing.assert_array_equal(saved, arrays["soft"])


def test_a_corrected_case_opens_with_its_newest_revision(files, awkward_image, tmp_path):
    paths, arrays = files
    SaveCorrection(dataset=tmp_path / "data", **paths).run(silent)
    opened = OpenCase(dataset=tmp_path / "data", case="sub-07_T2w", out=tmp_path / "out").run(silent)
    assert (opened.base, opened.waiting, opened.reason) == (1, 0, "chosen")
    soft = sitk.ReadImage(str(opened.softseg))
    assert same_grid(soft, awkward_image)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(soft), arrays["soft"])
    with pytest.raises(BadInputError, match="No other case"):
        OpenCase(dataset=tmp_path / "data", out=tmp_path / "out").run(silent)


def test_the_next_case_of_the_worklist_is_predicted_and_opened_and_the_one_at_hand_is_passed_over(model_home, tmp_path):
    rng = np.random.default_rng(1)
    dataset = CorrectionDataset.create(tmp_path / "data")
    for subject in ("sub-01", "sub-02"):
        image = sitk.GetImageFromArray(rng.normal(100, 20, (16, 20, 24)).astype(np.float32))
        sitk.WriteImage(image, str(tmp_path / f"{subject}_T1w.nii.gz"))
        dataset.add(tmp_path / f"{subject}_T1w.nii.gz")
    job = OpenCase(dataset=tmp_path / "data", out=tmp_path / "out", device="cpu")
    first = job.run(silent)
    assert (first.case, first.base, first.waiting) == ("sub-01_T1w", 0, 1)
    assert first.reason == "in the order of the list"
    assert first.model.name == "softcord"
    assert dataset.prediction("sub-01_T1w") is not None
    assert sitk.ReadImage(str(first.softseg)).GetPixelID() == sitk.sitkFloat32
    second = job.model_copy(update={"after": first.case}).run(silent)
    assert second.case == "sub-02_T1w"
