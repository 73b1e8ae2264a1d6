"""Files that ITK does not read: FreeSurfer's, pairs, Analyze, NIfTI-2; and those that are not whole."""

import warnings

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import sha256
from crosscontrast.ground.geometry import ras_affine
from crosscontrast.ground.images import ImageWarning, read_image
from crosscontrast.ground.placement import put_onto
from crosscontrast.ground.references import name_headers

KINDS = {
    "a.mgz": nibabel.MGHImage, "a.mgh": nibabel.MGHImage, "a.hdr": nibabel.Nifti1Pair, "b.hdr": nibabel.Nifti2Pair,
    "b.nii.gz": nibabel.Nifti2Image,
}  # fmt: skip


def written(folder, name, awkward_image):
    values = sitk.GetArrayFromImage(awkward_image).transpose()
    nibabel.save(KINDS[name](values, ras_affine(awkward_image)), folder / name)
    return folder / name


@pytest.mark.parametrize("name", KINDS)
def test_values_and_places_are_those_of_the_image(tmp_path, awkward_image, name):
    read = read_image(written(tmp_path, name, awkward_image))
    placed = put_onto(read, awkward_image)
    assert placed is not None
    np.testing.assert_array_equal(sitk.GetArrayFromImage(placed), sitk.GetArrayFromImage(awkward_image))
    block = np.argwhere(sitk.GetArrayViewFromImage(read) > 300).mean(axis=0)[::-1]
    truth = np.argwhere(sitk.GetArrayViewFromImage(awkward_image) > 300).mean(axis=0)[::-1]
    there = [i.TransformContinuousIndexToPhysicalPoint(p.tolist()) for i, p in ((read, block), (awkward_image, truth))]
    np.testing.assert_allclose(*there, atol=1e-3)


def test_the_voxels_name_the_pair_too(tmp_path, awkward_image):
    written(tmp_path, "a.hdr", awkward_image)
    assert read_image(tmp_path / "a.img").GetSize() == awkward_image.GetSize()


def test_analyze_says_no_orientation_and_that_is_said(tmp_path):
    nibabel.save(nibabel.AnalyzeImage(np.ones((4, 5, 6), np.int16), None), tmp_path / "a.hdr")
    with pytest.warns(ImageWarning, match=r"a\.hdr: the file does not say its orientation"):
        assert read_image(tmp_path / "a.hdr").GetSize() == (4, 5, 6)


@pytest.mark.parametrize("name", ["a.mgz", "a.mgh", "b.nii.gz"])
def test_what_was_cut_short_is_named_as_incomplete(tmp_path, awkward_image, name):
    path = written(tmp_path, name, awkward_image)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadInputError, match=rf"{name}.*incomplete"):
        read_image(path)


def test_a_pair_cut_short_or_parted_is_named_as_incomplete(tmp_path, awkward_image):
    path = written(tmp_path, "a.hdr", awkward_image)
    voxels = path.with_suffix(".img")
    voxels.write_bytes(voxels.read_bytes()[:1000])
    with pytest.raises(BadInputError, match=r"a\.hdr is incomplete: its header promises 25520 bytes"):
        read_image(path)
    voxels.unlink()
    with pytest.raises(BadInputError, match=r"a\.hdr is incomplete: there is no a\.img beside it"):
        read_image(path)


def test_a_detached_header_without_its_voxels_is_named_as_incomplete(tmp_path, awkward_image, monkeypatch):
    monkeypatch.setenv("CROSSCONTRAST_NAMED_HEADERS", "")
    sitk.WriteImage(awkward_image, str(tmp_path / "a.nhdr"))
    name_headers([tmp_path / "a.nhdr"])
    assert read_image(tmp_path / "a.nhdr").GetSize() == awkward_image.GetSize()
    (tmp_path / "a.raw").unlink()
    with pytest.raises(BadInputError, match=r"a\.nhdr is incomplete: the file of its voxels, a\.raw, is not beside it"):
        read_image(tmp_path / "a.nhdr")


def test_the_voxels_of_a_pair_may_not_be_a_link_to_elsewhere(tmp_path, awkward_image):
    path = written(tmp_path, "a.hdr", awkward_image)
    (tmp_path / "other").mkdir()
    path.with_suffix(".img").rename(tmp_path / "other" / "a.img")
    path.with_suffix(".img").symlink_to(tmp_path / "other" / "a.img")
    with pytest.raises(BadInputError, match="in another folder"):
        read_image(path)


def test_what_only_has_the_name_is_refused(tmp_path):
    for name in ("a.mgz", "a.mgh", "a.hdr"):
        (tmp_path / name).write_bytes(b"no image at all" * 40)
        (tmp_path / "a.img").write_bytes(b"nothing")
        with pytest.raises(BadInputError, match=name):
            read_image(tmp_path / name)


def test_pairs_with_one_header_and_other_voxels_are_other_images(tmp_path, awkward_image):
    path = written(tmp_path, "a.hdr", awkward_image)
    before = sha256(path)
    assert sha256(path.with_suffix(".img")) == before
    raw = bytearray(path.with_suffix(".img").read_bytes())
    raw[-1] ^= 1
    path.with_suffix(".img").write_bytes(bytes(raw))
    assert sha256(path) != before


def test_a_nrrd_without_a_space_says_no_orientation_and_that_is_said(tmp_path):
    values = np.arange(120, dtype="<i2")
    head = "NRRD0005\ntype: short\ndimension: 3\nsizes: 4 5 6\nspacings: 1 1 2\nendian: little\nencoding: raw\n\n"
    (tmp_path / "a.nrrd").write_bytes(head.encode() + values.tobytes())
    with pytest.warns(ImageWarning, match=r"a\.nrrd: the file does not say its orientation \(no space\)"):
        assert read_image(tmp_path / "a.nrrd").GetSize() == (4, 5, 6)


def test_a_nrrd_with_a_space_is_read_without_a_word(tmp_path, awkward_image):
    sitk.WriteImage(awkward_image, str(tmp_path / "a.nrrd"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_image(tmp_path / "a.nrrd")
