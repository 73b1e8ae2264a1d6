import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from support import centre_of_mass, oblique_direction

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import reorient, resample_onto, resample_to_spacing, same_grid

ORIENTATIONS = ["RAS", "LPS", "LAS", "ASR", "IPL", "SRP"]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_reorienting_there_and_back_is_exact(awkward_image, orientation):
    turned = reorient(awkward_image, orientation)
    letters = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(awkward_image.GetDirection())
    back = reorient(turned, letters)
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(awkward_image))
    assert same_grid(back, awkward_image, 1e-9)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_reorienting_moves_no_anatomy(awkward_image, orientation):
    turned = reorient(awkward_image, orientation)
    assert np.allclose(centre_of_mass(turned), centre_of_mass(awkward_image), atol=1e-6)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_map_made_on_a_turned_grid_returns_to_the_same_voxels(awkward_image, orientation):
    bright = sitk.Cast(awkward_image > 300, sitk.sitkFloat32)
    returned = resample_onto(reorient(bright, orientation), awkward_image)
    assert np.abs(sitk.GetArrayFromImage(returned) - sitk.GetArrayFromImage(bright)).max() < 1e-5
    assert same_grid(returned, awkward_image, 0)


@given(
    spacing=st.tuples(*[st.floats(0.4, 6)] * 3),
    target=st.tuples(*[st.floats(0.5, 3)] * 3),
    left_handed=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_resampling_keeps_the_position_of_a_blob(spacing, target, left_handed):
    size = [max(3, round(40 / s)) for s in spacing]
    grid = sitk.Image(size, sitk.sitkFloat32)
    grid.SetSpacing(spacing)
    grid.SetDirection(oblique_direction(left_handed))
    centre = grid.TransformContinuousIndexToPhysicalPoint([n * f for n, f in zip(size, (0.4, 0.5, 0.55), strict=True)])
    blob = sitk.GaussianSource(
        sitk.sitkFloat32, size, [6.0] * 3, centre, 1.0, grid.GetOrigin(), spacing, grid.GetDirection()
    )
    moved = resample_to_spacing(blob, target)
    assert np.allclose(moved.GetSpacing(), target) or np.allclose(spacing, target, rtol=1e-4)
    # Both sums are cut by the border; a flip or a half-voxel slip would be far larger than this.
    assert np.abs(centre_of_mass(moved) - centre_of_mass(blob)).max() < 0.25


def test_resampling_keeps_the_field_of_view():
    image = sitk.Image([10, 20, 4], sitk.sitkFloat32)
    image.SetSpacing((0.5, 0.5, 5.0))
    finer = resample_to_spacing(image, (1.0, 1.0, 1.0))
    assert finer.GetSize() == (5, 10, 20)
    edge = lambda im, i: np.array(im.TransformContinuousIndexToPhysicalPoint(i))  # noqa: E731
    assert np.allclose(edge(finer, [-0.5] * 3), edge(image, [-0.5] * 3))
    assert np.allclose(edge(finer, [4.5, 9.5, 19.5]), edge(image, [9.5, 19.5, 3.5]))


def test_coarser_voxels_are_smoothed_so_that_fine_stripes_do_not_alias():
    stripes = np.zeros((8, 8, 64), np.float32)
    stripes[:, :, ::2] = 1
    image = sitk.GetImageFromArray(stripes)
    image.SetSpacing((0.25, 1.0, 1.0))
    coarse = sitk.GetArrayFromImage(resample_to_spacing(image, (1.0, 1.0, 1.0)))
    assert np.abs(coarse[:, :, 2:-2] - 0.5).max() < 0.02


def test_soft_values_stay_soft_and_labels_stay_labels(awkward_image):
    soft = sitk.Cast(awkward_image > 300, sitk.sitkFloat32)
    finer = resample_to_spacing(awkward_image, (1.0, 1.0, 1.0))
    values = sitk.GetArrayFromImage(resample_onto(soft, finer))
    assert values.dtype == np.float32
    assert values.min() >= 0
    assert values.max() <= 1
    assert ((values > 0.1) & (values < 0.9)).any()
    labels = sitk.GetArrayFromImage(resample_onto(sitk.Cast(soft * 7, sitk.sitkUInt8), finer, linear=False))
    assert set(np.unique(labels)) == {0, 7}


def test_outside_the_field_of_view_is_zero_and_its_outer_voxels_are_whole():
    image = sitk.Image([4, 4, 4], sitk.sitkFloat32) + 5
    reference = sitk.Image([20, 1, 1], sitk.sitkFloat32)
    reference.SetSpacing((0.5, 1, 1))
    reference.SetOrigin((-3.0, 1.0, 1.0))
    values = sitk.GetArrayFromImage(resample_onto(image, reference)).ravel()
    x = -3 + 0.5 * np.arange(20)
    assert (values[(x > -0.5) & (x < 3.5)] == 5).all()
    assert (values[(x < -0.5) | (x > 3.5)] == 0).all()


def test_an_absurd_extent_is_refused_before_memory_is_used():
    image = sitk.Image([64, 64, 64], sitk.sitkFloat32)
    image.SetSpacing((100.0, 100.0, 100.0))
    with pytest.raises(BadInputError, match="6400 x 6400 x 6400 mm"):
        resample_to_spacing(image, (1.0, 1.0, 1.0))


def test_grids_differ_by_any_corner(awkward_image):
    other = sitk.Image(awkward_image)
    assert same_grid(awkward_image, other, 0)
    other.SetSpacing((0.7, 1.3, 4.0001))
    assert not same_grid(awkward_image, other)
    assert not same_grid(awkward_image, awkward_image[:-1, :, :])
