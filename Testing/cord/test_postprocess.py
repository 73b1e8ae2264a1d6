"""One cord per person: what is kept, what is dropped, and when nothing is a cord."""

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.cord.postprocess import keep_cord
from crosscontrast.ground.geometry import same_grid


def soft_map(*tubes, shape=(60, 40, 40), spacing=(1.0, 1.0, 1.0)):
    """A map in RAS (k, j, i) with boxes ``(k0, k1, j0, j1, i0, i1, value)``."""
    values = np.zeros(shape, np.float32)
    for k0, k1, j0, j1, i0, i1, value in tubes:
        values[k0:k1, j0:j1, i0:i1] = value
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    return image


def kept(image):
    result, reason = keep_cord(image)
    assert same_grid(result, image, 0)
    return sitk.GetArrayFromImage(result), reason


CORD = (5, 55, 15, 22, 15, 25, 0.95)


def test_the_cord_is_kept_with_its_soft_border_and_a_vessel_beside_it_is_dropped():
    border = (5, 55, 14, 15, 15, 25, 0.2)
    vessel = (5, 50, 32, 36, 5, 9, 1.0)
    values, reason = kept(soft_map(CORD, border, vessel))
    assert reason == ""
    assert (values[10:50, 14, 20] == np.float32(0.2)).all()
    assert (values[10:50, 18, 20] == np.float32(0.95)).all()
    assert values[:, 30:].max() == 0


def test_a_blob_with_more_mass_than_the_cord_is_no_cord():
    blob = (5, 20, 0, 13, 27, 40, 1.0)
    thin = (5, 55, 18, 22, 15, 20, 0.95)
    values, reason = kept(soft_map(blob, thin))
    assert reason == ""
    assert values[40, 20, 17] > 0
    assert values[10, 5, 35] == 0


def test_a_cord_parted_by_an_artefact_stays_whole():
    values, _ = kept(soft_map((0, 27, 15, 22, 15, 25, 0.9), (33, 60, 15, 22, 15, 25, 0.9)))
    assert values[10, 18, 20] > 0
    assert values[50, 18, 20] > 0


@pytest.mark.parametrize(
    ("tube", "reason"),
    [
        ((10, 25, 10, 20, 10, 20, 0.9), "only 15 mm long"),
        ((5, 55, 15, 22, 15, 25, 0.5), "surest voxel has only 0.50"),
        ((5, 55, 0, 30, 0, 30, 0.9), "cross-section of 810 mm²"),
        ((5, 55, 15, 22, 15, 25, 0.1), "no voxel is likely"),
        ((5, 55, 15, 22, 15, 25, 0.75), "only 0% of the largest piece is sure"),
    ],
)
def test_what_cannot_be_a_cord_is_not_invented_and_the_reason_is_given(tube, reason):
    values, said = kept(soft_map(tube))
    assert values.max() == 0
    assert reason in said


def test_a_faint_stretch_belongs_to_the_cord_that_it_continues_but_is_none_by_itself():
    sure, faint = (0, 27, 15, 22, 15, 25, 0.9), (33, 60, 15, 22, 15, 25, 0.7)
    assert kept(soft_map(sure, faint))[0][50, 18, 20] == np.float32(0.7)
    assert kept(soft_map(faint))[0].max() == 0


def test_roots_below_the_conus_are_no_stretch_of_the_cord_but_a_thin_cord_of_which_the_network_is_sure_is_one():
    cord, roots, thin = (0, 27, 15, 22, 15, 25, 0.9), (33, 60, 15, 18, 15, 25, 0.7), (33, 60, 15, 18, 15, 25, 0.9)
    assert kept(soft_map(cord, roots))[0][50].max() == 0
    assert kept(soft_map(cord, thin))[0][50, 16, 20] == np.float32(0.9)


@pytest.mark.parametrize("slices", [1, 3])
def test_a_short_field_of_view_is_no_reason_against_a_cord(slices):
    tube = (0, slices, 15, 22, 15, 25, 0.9)
    values, reason = kept(soft_map(tube, shape=(slices, 40, 40), spacing=(1.0, 1.0, 5.0)))
    assert reason == ""
    assert values.max() > 0


@pytest.mark.parametrize("mirrored", [True, False], ids=["left-handed", "right-handed"])
@pytest.mark.parametrize("letters", ["RAS", "LPS", "ASR", "PIR"])
def test_the_same_voxels_are_kept_on_any_grid(letters, mirrored):
    image = soft_map(CORD, (5, 50, 32, 36, 5, 9, 1.0))
    expected, _ = keep_cord(image)
    volumes = [sitk.DICOMOrient(volume, letters) for volume in (image, expected)]
    if mirrored:
        volumes = [sitk.Flip(volume, [True, False, False]) for volume in volumes]
    result, _ = keep_cord(volumes[0])
    assert np.array_equal(sitk.GetArrayFromImage(result), sitk.GetArrayFromImage(volumes[1]))
    assert same_grid(result, volumes[0], 0)
