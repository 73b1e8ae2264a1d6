"""What places the voxels of a NIfTI file goes on to its results, and what contradicts itself is said."""

import gzip
import struct

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.ground.geometry import ras_affine, same_grid
from crosscontrast.ground.images import ImageWarning, image_like, read_image, write_image

PLACING = ("qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
ROWS = ("srow_x", "srow_y", "srow_z")


@pytest.fixture
def image_file(tmp_path, awkward_image):
    """Write the awkward image with a qform and an sform 15 mm apart, or as the arguments say."""

    def written(kind=nibabel.Nifti1Image, codes=(1, 2), apart=15.0, name="image.nii.gz", unit="mm", steps=None):
        factor = {"mm": 1.0, "micron": 1000.0}[unit]
        qform = np.diag([factor, factor, factor, 1]) @ ras_affine(awkward_image)
        sform = qform.copy()
        sform[2, 3] += apart
        image = kind(sitk.GetArrayFromImage(awkward_image).transpose(), qform)
        image.header.set_xyzt_units(unit)
        image.set_qform(qform, codes[0])
        image.set_sform(sform, codes[1])
        if steps:
            image.header["pixdim"][1:4] = steps
        nibabel.save(image, tmp_path / name)
        return tmp_path / name

    return written


def same_place(one, other):
    a, b = nibabel.load(one), nibabel.load(other)
    for field in (*PLACING, *ROWS):
        # Version 2 keeps float64, and results are of version 1.
        np.testing.assert_allclose(b.header[field], a.header[field], rtol=1e-6, atol=1e-5, err_msg=field)
    assert a.header["pixdim"][:4].tolist() == pytest.approx(b.header["pixdim"][:4].tolist())
    assert a.header.get_xyzt_units()[0] == b.header.get_xyzt_units()[0]
    np.testing.assert_allclose(a.affine, b.affine, rtol=1e-6, atol=1e-5)  # as nibabel, FSLeyes and SCT place files


@pytest.mark.filterwarnings("ignore::crosscontrast.ground.images.ImageWarning")
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("codes", [(1, 2), (0, 0), (1, 0), (0, 4), (2, 1)])
@pytest.mark.parametrize("name", ["result.nii.gz", "result.nii"])
def test_qform_sform_and_codes_of_the_input_are_those_of_the_result(tmp_path, image_file, kind, codes, name):
    source = image_file(kind, codes)
    image = read_image(source)
    write_image(image_like(sitk.GetArrayFromImage(image), image), tmp_path / name, like=source)
    same_place(source, tmp_path / name)
    again = read_image(tmp_path / name)
    assert same_grid(again, image, 1e-4)
    assert np.array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(image))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([source.name, name])


@pytest.mark.filterwarnings("ignore::crosscontrast.ground.images.ImageWarning")
def test_units_and_pairs_are_kept_too(tmp_path, image_file):
    source = image_file(unit="micron")
    image = read_image(source)
    assert image.GetSpacing() == pytest.approx((0.7, 1.3, 4.0), rel=1e-5)
    write_image(image, tmp_path / "result.nii.gz", like=source)
    same_place(source, tmp_path / "result.nii.gz")
    pair = image_file(nibabel.Nifti1Pair, name="pair.hdr")
    write_image(read_image(pair), tmp_path / "of_pair.nii.gz", like=pair)
    same_place(pair, tmp_path / "of_pair.nii.gz")


@pytest.mark.filterwarnings("ignore::crosscontrast.ground.images.ImageWarning")
def test_an_image_on_another_grid_keeps_its_own_place(tmp_path, image_file):
    source = image_file()
    part = read_image(source)[2:, :, :]
    write_image(part, tmp_path / "part.nii.gz", like=source)
    assert same_grid(read_image(tmp_path / "part.nii.gz"), part, 5e-5)


def test_a_result_of_what_is_no_nifti_is_written_as_ever(tmp_path, awkward_image):
    write_image(awkward_image, tmp_path / "image.nrrd")
    write_image(awkward_image, tmp_path / "result.nii.gz", like=tmp_path / "image.nrrd")
    assert same_grid(read_image(tmp_path / "result.nii.gz"), awkward_image, 5e-5)


def test_an_only_sform_that_contradicts_the_steps_is_said(image_file):
    source = image_file(codes=(0, 2), apart=0, steps=(1.4, 2.6, 8.0))
    with pytest.warns(
        ImageWarning, match=r"image\.nii\.gz: its sform speaks of voxels of 0\.7 x 1\.3 x 4 mm and its pix"
    ):
        read_image(source)


def test_a_step_of_zero_is_said(image_file):
    source = image_file(codes=(1, 0))
    raw = bytearray(gzip.decompress(source.read_bytes()))
    raw[88:92] = struct.pack("<f", 0)
    source.write_bytes(gzip.compress(bytes(raw)))
    with pytest.warns(ImageWarning, match="no voxel size along its axis k"):
        assert read_image(source).GetSpacing() == pytest.approx((0.7, 1.3, 1.0), rel=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32])
def test_a_scaled_file_is_whole_though_its_values_take_more_room(tmp_path, dtype):
    stored = np.zeros((40, 40, 40), dtype)  # so well compressed that a count of scaled values would be absurd
    stored[1, 2, 3] = 7
    image = nibabel.Nifti1Image(stored, np.eye(4))
    image.header.set_slope_inter(0.5, -100)
    nibabel.save(image, tmp_path / "a.nii.gz")
    raw = bytearray(gzip.decompress((tmp_path / "a.nii.gz").read_bytes()))
    raw[352:] = stored.tobytes("F")
    raw[112:120] = struct.pack("<ff", 0.5, -100)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(bytes(raw)))
    values = sitk.GetArrayFromImage(read_image(tmp_path / "a.nii.gz"))
    assert values[3, 2, 1] == -96.5
    assert np.count_nonzero(values == -100) == 40**3 - 1


def test_a_slope_of_zero_means_that_values_are_not_scaled(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.full((3, 4, 5), 9, np.int16), np.eye(4)), tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[112:120] = struct.pack("<ff", 0, 77)
    (tmp_path / "a.nii").write_bytes(bytes(raw))
    assert (sitk.GetArrayFromImage(read_image(tmp_path / "a.nii")) == 9).all()
