import gzip
import struct
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import ImageWarning, clean_intensities, read_image, write_image


@pytest.fixture
def written(tmp_path, awkward_image):
    path = tmp_path / "image.nii.gz"
    sitk.WriteImage(awkward_image, str(path))
    return path


@pytest.mark.parametrize("extension", ["nii.gz", "nii", "nrrd", "mha"])
def test_every_format_keeps_values_type_and_position(tmp_path, awkward_image, extension):
    path = tmp_path / f"image.{extension}"
    write_image(awkward_image, path)
    again = read_image(path)
    assert again.GetPixelID() == sitk.sitkFloat32
    assert np.array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(awkward_image))
    # NIfTI keeps positions as float32; 80 mm are then right to 1e-5 mm.
    assert same_grid(again, awkward_image, 5e-5)


def test_a_scaled_nifti_is_read_in_its_own_units(tmp_path):
    header = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4))
    header.header.set_slope_inter(0.5, 10)
    nibabel.save(header, tmp_path / "scaled.nii.gz")
    raw = np.asarray(nibabel.load(tmp_path / "scaled.nii.gz").dataobj)
    values = sitk.GetArrayFromImage(read_image(tmp_path / "scaled.nii.gz")).transpose(2, 1, 0)
    assert np.allclose(values, raw)
    assert values.dtype.kind == "f"


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def text(path):
    path.write_text("not an image")


def empty(path):
    path.write_bytes(b"")


def lying_header(path):
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[40:56] = struct.pack("<8h", 3, 1024, 1024, 1024, 1, 1, 1, 1)
    path.write_bytes(gzip.compress(bytes(raw)))


def damaged(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(bytes(raw))


def nowhere(path):
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[252:256] = struct.pack("<2h", 0, 1)  # no qform, and an sform of which one number is none
    raw[280:284] = struct.pack("<f", float("nan"))
    path.write_bytes(gzip.compress(bytes(raw)))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (truncated, "incomplete"),
        (text, "not a readable"),
        (empty, "is empty"),
        (lying_header, "incomplete: its header promises 4294967296 bytes"),
        (nowhere, "not at right angles|not a number"),
        (damaged, "damaged|incomplete|not a readable"),
    ],
)
def test_a_spoiled_nifti_is_refused_with_its_name_and_the_reason(written, spoil, reason):
    spoil(written)
    with pytest.raises(BadInputError, match=rf"image\.nii\.gz.*({reason})"):
        read_image(written)


@pytest.mark.parametrize("extension", ["nrrd", "mha", "nii"])
def test_other_truncated_formats_are_refused_too(tmp_path, awkward_image, extension):
    path = tmp_path / f"image.{extension}"
    sitk.WriteImage(awkward_image, str(path))
    truncated(path)
    with pytest.raises(BadInputError, match="incomplete"):
        read_image(path)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (sitk.Image([8, 9], sitk.sitkInt16), "2-D image"),
        (sitk.Image([8, 9, 3, 2], sitk.sitkInt16), r"4-D image of size 8 x 9 x 3 x 2"),
        (sitk.Image([8, 9, 3], sitk.sitkVectorFloat32, 3), "several values per voxel"),
    ],
)
def test_images_that_are_not_scalar_volumes_are_refused(tmp_path, image, reason):
    path = tmp_path / "image.nrrd"
    sitk.WriteImage(image, str(path))
    with pytest.raises(BadInputError, match=reason):
        read_image(path)


def test_a_fourth_dimension_of_one_is_no_obstacle(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.ones((8, 9, 3, 1), np.float32), np.eye(4)), tmp_path / "image.nii.gz")
    assert read_image(tmp_path / "image.nii.gz").GetSize() == (8, 9, 3)


def test_contradicting_qform_and_sform_are_said(tmp_path):
    image = nibabel.Nifti1Image(np.ones((4, 5, 6), np.float32), np.eye(4))
    image.set_qform(np.diag([1, 1, 1, 1]), code=1)
    image.set_sform(np.diag([-1, 1, 1, 1]), code=1)
    nibabel.save(image, tmp_path / "doubt.nii.gz")
    with pytest.warns(ImageWarning, match=r"doubt\.nii\.gz: qform and sform .* up to 6\.0 mm apart; the \wform"):
        read_image(tmp_path / "doubt.nii.gz")


def test_a_file_without_orientation_is_said(tmp_path):
    image = nibabel.Nifti1Image(np.ones((4, 5, 6), np.float32), None)
    nibabel.save(image, tmp_path / "nowhere.nii.gz")
    with pytest.warns(ImageWarning, match="left and right are a guess"):
        read_image(tmp_path / "nowhere.nii.gz")


def test_some_voxels_that_are_not_numbers_are_replaced_and_said(awkward_image):
    awkward_image[3, 4, 5] = float("nan")
    awkward_image[4, 4, 5] = float("inf")
    with pytest.warns(ImageWarning, match="scan: 2 voxels"):
        clean = clean_intensities(awkward_image, "scan")
    values = sitk.GetArrayFromImage(clean)
    assert np.isfinite(values).all()
    assert values[5, 4, 3] == values.min()
    assert same_grid(clean, awkward_image, 0)


@pytest.mark.parametrize(("value", "reason"), [(np.nan, "no voxel with a finite value"), (7, "constant.*value 7")])
def test_an_image_without_information_is_refused(value, reason):
    image = sitk.GetImageFromArray(np.full((4, 5, 6), value, np.float32))
    with pytest.raises(BadInputError, match=reason):
        clean_intensities(image, "scan")


def test_a_write_that_ends_early_leaves_nothing(tmp_path, awkward_image, monkeypatch):
    write = sitk.WriteImage

    def half(image, name, **options):
        write(image, name, **options)
        with Path(name).open("rb+") as stream:
            stream.truncate(400)

    monkeypatch.setattr(sitk, "WriteImage", half)
    with pytest.raises(OutputError, match=r"Cannot write .*soft\.nii\.gz"):
        write_image(awkward_image, tmp_path / "soft.nii.gz")
    assert list(tmp_path.iterdir()) == []
