"""Which images a folder means: not our own results, and not what lies beside a DICOM series."""

import pytest
import SimpleITK as sitk
from dicom_makers import slices_of, write_classic

from crosscontrast.errors import BadInputError
from crosscontrast.ground.case import Case
from crosscontrast.ground.images import write_image
from crosscontrast.ground.inputs import find_images


@pytest.fixture
def image():
    made = sitk.Image(6, 7, 5, sitk.sitkInt16)
    made[2, 3, 1] = 100
    return made


def test_results_of_ours_are_no_images_unless_they_are_asked_for(tmp_path, image):
    write_image(image, tmp_path / "a_T2w.nii.gz")
    write_image(image, tmp_path / "mine_seg.nii.gz")  # a file of that name that we did not make
    with Case("cord.segment").results(tmp_path, "a_T2w_softseg.json", parameters={}) as results:
        for what in ("softseg", "seg", "t1w"):  # the last is a translation, which is an image
            write_image(image, results.place(f"a_T2w_{what}.nii.gz"))
    said = []
    found = find_images([tmp_path], tell=said.append)
    assert [path.name for path in found] == ["a_T2w.nii.gz", "a_T2w_t1w.nii.gz", "mine_seg.nii.gz"]
    (sentence,) = said
    assert "a_T2w_seg.nii.gz, a_T2w_softseg.nii.gz were left out: results of ours" in sentence
    assert len(find_images([tmp_path], results=True)) == 5
    assert find_images([tmp_path / "a_T2w_seg.nii.gz"]) == [tmp_path / "a_T2w_seg.nii.gz"]


def test_a_folder_of_results_alone_says_so(tmp_path, image):
    with Case("cord.segment").results(tmp_path, "a_softseg.json", parameters={}) as results:
        write_image(image, results.place("a_seg.nii.gz"))
    with pytest.raises(BadInputError, match="holds no image but results of ours"):
        find_images([tmp_path])


def test_a_nifti_beside_a_dicom_series_is_named_as_left_out(tmp_path, image):
    write_classic(tmp_path, slices_of(image))
    write_image(image, tmp_path / "converted.nii.gz")
    said = []
    assert find_images([tmp_path], tell=said.append) == [tmp_path]
    (sentence,) = said
    assert "converted.nii.gz was left out beside a DICOM series" in sentence
