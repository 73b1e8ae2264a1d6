"""Arrays with an affine in the place of SimpleITK images: by position, in nibabel's convention."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.arrays import ArrayImage, as_array, as_image, like
from crosscontrast.ground.images import read_image, write_image

EYE = np.eye(4)


def test_every_voxel_lies_where_nibabel_says(awkward_image, tmp_path):
    array, affine = as_array(awkward_image)
    assert array.shape == awkward_image.GetSize()
    for index in [(0, 0, 0), (28, 0, 0), (0, 19, 0), (0, 0, 10), (5, 7, 2)]:
        assert array[index] == awkward_image[index]
        right, front, top = (affine @ (*index, 1))[:3]
        assert awkward_image.TransformIndexToPhysicalPoint(index) == pytest.approx((-right, -front, top), abs=1e-9)
    nibabel.save(nibabel.Nifti1Image(array, affine), tmp_path / "by_nibabel.nii.gz")
    again = read_image(tmp_path / "by_nibabel.nii.gz")
    assert again[5, 7, 2] == awkward_image[5, 7, 2]
    for index in [(0, 0, 0), (28, 19, 10)]:
        there = awkward_image.TransformIndexToPhysicalPoint(index)
        assert again.TransformIndexToPhysicalPoint(index) == pytest.approx(there, abs=1e-4)


def test_an_image_that_nibabel_read_becomes_the_one_that_we_read(awkward_image, tmp_path):
    write_image(awkward_image, tmp_path / "image.nii.gz")
    loaded = nibabel.load(tmp_path / "image.nii.gz")
    made, read = as_image((np.asanyarray(loaded.dataobj), loaded.affine)), read_image(tmp_path / "image.nii.gz")
    assert np.array_equal(sitk.GetArrayViewFromImage(made), sitk.GetArrayViewFromImage(read))
    for index in [(0, 0, 0), (28, 19, 10)]:
        there = read.TransformIndexToPhysicalPoint(index)
        assert made.TransformIndexToPhysicalPoint(index) == pytest.approx(there, abs=1e-4)


def test_what_is_returned_in_kind_keeps_the_very_affine(awkward_image):
    given = as_array(awkward_image)
    image = as_image(tuple(given))
    returned = like(image * 2, given)
    assert isinstance(returned, ArrayImage)
    assert np.array_equal(returned.affine, given.affine)
    assert np.array_equal(returned.array, given.array * 2)
    assert like(image, awkward_image) is image


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("?", "uint8"),
        ("<f2", "float32"),
        (">f4", "float32"),
        (">i2", "int16"),
        ("u8", "uint64"),
        ("longdouble", "float64"),
    ],
)
def test_types_that_simpleitk_lacks_become_the_next_one_with_the_same_values(given, expected):
    values = (np.arange(24).reshape(2, 3, 4) % 2).astype(given)
    made = sitk.GetArrayFromImage(as_image((values, EYE)))
    assert made.dtype == expected
    assert np.array_equal(made.transpose(), values)


def test_a_view_that_is_not_contiguous_keeps_its_order():
    values = np.arange(120).reshape(4, 5, 6)[::-1, :, ::2]
    assert np.array_equal(sitk.GetArrayFromImage(as_image((values, EYE))).transpose(), values)


def sheared():
    affine = np.eye(4)
    affine[0, 1] = 0.01
    return affine


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((2, 2, 2)), "a pair"),
        ("sub-01.nii.gz", "read_image"),
        ((np.zeros((2, 2, 2, 3)), EYE), "three axes"),
        ((np.zeros((0, 2, 2)), EYE), "three axes"),
        ((np.zeros((2, 2, 2), complex), EYE), "real numbers"),
        ((np.zeros((2, 2, 2)), np.eye(3)), "4 x 4"),
        ((np.zeros((2, 2, 2)), np.full((4, 4), np.nan)), "finite"),
        ((np.zeros((2, 2, 2)), np.eye(4)[::-1]), "last row"),
        ((np.zeros((2, 2, 2)), np.diag([1.0, 0, 1, 1])), "no length"),
        ((np.zeros((2, 2, 2)), sheared()), "right angles"),
        (sitk.Image((4, 4), sitk.sitkFloat32), "3-D"),
        (sitk.Image((4, 4, 4), sitk.sitkVectorFloat32, 3), "3 values per voxel"),
        (sitk.Image((4, 4, 4), sitk.sitkComplexFloat32), "one real value"),
    ],
)
def test_what_has_no_clear_place_is_refused_in_one_sentence(image, reason):
    with pytest.raises(BadInputError, match=reason):
        as_image(image)
