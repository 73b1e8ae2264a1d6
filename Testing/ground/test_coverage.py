"""What was not measured is known by position, in any orientation, and never has the value 0 by default."""

import numpy as np
import pytest
import SimpleITK as sitk
from support import centre_of_mass

from crosscontrast.ground.coverage import cover, covered
from crosscontrast.ground.geometry import same_grid


def test_a_field_of_view_that_ends_is_known_by_position_and_filled_with_the_smallest_value(awkward_image):
    part = sitk.DICOMOrient((awkward_image - 1500)[4:24, 3:15, 1:9], "SAL")
    made = cover(covered(part, "part"), awkward_image)
    assert same_grid(made.image, awkward_image)
    expected = np.zeros(awkward_image.GetSize()[::-1], bool)
    expected[1:9, 3:15, 4:24] = True
    seen = sitk.GetArrayFromImage(made.measured) > 0
    np.testing.assert_array_equal(seen, expected)
    values, true = sitk.GetArrayFromImage(made.image), sitk.GetArrayFromImage(awkward_image) - 1500
    np.testing.assert_allclose(values[seen], true[seen], atol=0.05)
    assert (values[~seen] == true[seen].min()).all()
    assert made.resampled
    assert not made.everywhere


def test_voxels_that_are_not_numbers_were_not_measured_nor_what_is_interpolated_from_them(awkward_image):
    values = sitk.GetArrayFromImage(awkward_image)
    values[5, 10:12, 20:23] = np.nan
    holed = sitk.GetImageFromArray(values)
    holed.CopyInformation(awkward_image)
    with pytest.warns(match="NaN"):
        given = covered(holed, "holed")
    assert (np.argwhere(sitk.GetArrayFromImage(given.measured) == 0).tolist()
            == np.argwhere(np.isnan(values)).tolist())  # fmt: skip
    same = cover(given, awkward_image)
    assert not same.resampled
    np.testing.assert_array_equal(sitk.GetArrayFromImage(same.measured) == 0, np.isnan(values))
    half = sitk.Resample(awkward_image, awkward_image, sitk.TranslationTransform(3, (0.35, 0.0, 0.0)))
    half.SetOrigin(awkward_image.TransformContinuousIndexToPhysicalPoint((0.5, 0, 0)))
    half = half[:28]  # the next one lies on the very border
    made = sitk.GetArrayFromImage(cover(given, half).measured) == 0
    # Between two voxels, of which one is missing: one more on the one side.
    assert np.flatnonzero(made[5, 10]).tolist() == [19, 20, 21, 22]
    assert not made[4].any()
    hole = sitk.GetImageFromArray((np.isnan(values)).astype(np.float32))
    hole.CopyInformation(awkward_image)
    moved = sitk.GetImageFromArray(made.astype(np.float32))
    moved.CopyInformation(half)
    assert np.allclose(centre_of_mass(hole), centre_of_mass(moved), atol=0.01)
