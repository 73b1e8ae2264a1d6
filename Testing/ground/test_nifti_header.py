"""Our reading of usual NIfTI headers is nibabel's."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from support import oblique_direction

from crosscontrast.ground.images import read_image
from crosscontrast.ground.nifti import read_values
from crosscontrast.ground.nifti_header import parse_header

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"]


def written(folder, kind=nibabel.Nifti1Image, dtype="f4", order="<", name="a.nii", slope=None):
    """A file of an oblique, left-handed grid whose qform and sform differ a little."""
    values = (np.arange(2 * 3 * 4).reshape(2, 3, 4) % 120).astype(dtype)
    direction = np.array(oblique_direction(True)).reshape(3, 3)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = direction * (0.7, 1.3, 4.0), (5, -6, 7)
    header = {nibabel.Nifti1Image: nibabel.Nifti1Header, nibabel.Nifti2Image: nibabel.Nifti2Header}[kind]
    image = kind(values, affine, header(endianness=order))
    image.set_data_dtype(dtype)
    other = affine.copy()
    other[:3, 3] += 0.02
    image.set_sform(affine, 1)
    image.set_qform(other, 2)
    if slope:
        image.header.set_slope_inter(slope, 1.0)
    nibabel.save(image, folder / name)
    return folder / name


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", TYPES)
def test_type_size_and_affines_are_those_of_nibabel(tmp_path, kind, order, dtype):
    path = written(tmp_path, kind, dtype, order)
    theirs = nibabel.load(path)
    ours = parse_header(path.read_bytes())
    assert ours.size == theirs.shape
    assert ours.dtype == theirs.get_data_dtype()
    assert ours.start == theirs.dataobj.offset
    np.testing.assert_allclose(ours.qform, theirs.header.get_qform(), atol=1e-5)
    np.testing.assert_allclose(ours.sform, theirs.header.get_sform(), atol=1e-12)
    np.testing.assert_array_equal(read_values(path), np.asanyarray(theirs.dataobj).T)


def test_values_that_are_not_numbers_stay_in_zipped_and_plain_files(tmp_path):
    values = np.full((3, 4, 5), 2.0, np.float32)
    values[0, 0, :3] = np.nan, np.inf, -np.inf
    for name in ("a.nii", "a.nii.gz"):
        sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / name))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(read_image(tmp_path / name)), values)


def test_what_is_unusual_is_left_to_nibabel(tmp_path):
    plain = written(tmp_path)
    assert parse_header(plain.read_bytes()[:347]) is None
    assert parse_header(bytes(540)) is None
    scaled = written(tmp_path, dtype="i2", slope=0.5, name="scaled.nii")
    np.testing.assert_allclose(read_values(scaled), nibabel.load(scaled).get_fdata().T)


def test_values_can_be_changed_and_do_not_hold_the_file(tmp_path):
    path = written(tmp_path)
    values = read_values(path)
    values[:] = 0
    assert nibabel.load(path).get_fdata().any()
