"""The soft merge against edges whose true profile is known, and its promises for any masks."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage
from scipy.special import ndtr
from support import centre_of_mass

from crosscontrast.corrections.soft_merge import soft_merge
from crosscontrast.corrections.soft_profile import default_profile, fit_profile, surface_distance
from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like

SPACING = (0.6, 0.6, 2.0)


def image(values, spacing=SPACING) -> sitk.Image:
    made = sitk.GetImageFromArray(np.asarray(values))
    made.SetSpacing(spacing)
    return made


def radius_of(shape, spacing, centre=(0.0, 0.0)):
    """Distance in mm from an axis along k."""
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing[::-1], strict=True)]
    _, y, x = np.meshgrid(*axes, indexing="ij")
    return np.hypot(x - centre[0], y - centre[1])


def cylinder(sigma, radius=6.0, shape=(12, 60, 60)):
    """A cord whose edge is blurred by ``sigma`` mm."""
    return ndtr((radius - radius_of(shape, SPACING)) / sigma).astype(np.float32)


def values_of(merged):
    return sitk.GetArrayFromImage(merged)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.8])
def test_an_added_piece_has_the_soft_edge_that_the_prediction_has_elsewhere(sigma):
    """A person adds a lobe as wide as the cord; its values are those of a lobe blurred as the cord is."""
    soft = cylinder(sigma)
    before = soft >= 0.5
    to_lobe = radius_of(soft.shape, SPACING, centre=(8.0, 0.0))
    after = before | (to_lobe < 5.0)
    merged = values_of(soft_merge(image(soft), image(before.astype(np.uint8)), image(after.astype(np.uint8))))
    # The true surface of both together, away from the notch in which they meet.
    depth = np.maximum(5.0 - to_lobe, 6.0 - radius_of(soft.shape, SPACING))
    outer = after & ~before & (radius_of(soft.shape, SPACING) > 8)
    error = merged[outer] - ndtr(depth[outer] / sigma)
    assert np.abs(error).mean() < 0.05
    # Half a voxel of a binary mask's surface cannot be known.
    assert np.abs(error).max() < ndtr(0.3 / sigma) - 0.5
    far_inside = after & ~before & (depth > 3 * sigma)
    assert merged[far_inside].min() > 0.97 if far_inside.any() else sigma > 1.5
    surface = outer & (np.abs(depth) < 0.15)
    assert 0.5 <= merged[surface].mean() < ndtr(0.3 / sigma)


def test_what_was_removed_falls_to_0_with_the_distance_from_what_is_left():
    soft = cylinder(1.0)
    before = soft >= 0.5
    axes = np.broadcast_to((np.arange(60) - 29.5) * 0.6, soft.shape)
    after = before & (axes < 0)
    merged = values_of(soft_merge(image(soft), image(before.astype(np.uint8)), image(after.astype(np.uint8))))
    removed = before & ~after
    assert merged[removed & (axes > 3)].max() < 0.02
    assert merged[removed & (axes < 0.4)] == pytest.approx(ndtr(-0.3), abs=0.1)


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.float32, (5, 7, 6), elements=st.floats(0, 1, width=32)),
    arrays.arrays(np.bool_, (5, 7, 6)),
    st.sampled_from([0.2, 0.5, 0.7]),
    st.booleans(),
)
def test_untouched_voxels_stay_and_the_threshold_gives_the_edit_back(soft, flipped, threshold, few):
    if few:
        flipped = flipped & (np.arange(6) < 2)
    before = soft >= np.float32(threshold)
    after = before ^ flipped
    merged = values_of(
        soft_merge(
            image(soft), image(before.astype(np.uint8)), image(after.astype(np.uint8)), threshold=float(threshold)
        )
    )
    assert merged.dtype == np.float32
    assert np.abs(merged - soft)[~flipped].max(initial=0) <= 1e-6
    assert merged.min() >= 0
    assert merged.max() <= 1
    assert ((merged >= np.float32(threshold)) == after).all()


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.bool_, (4, 6, 5)))
def test_of_edited_voxels_the_deeper_one_is_never_the_softer(after):
    blank = np.zeros(after.shape, np.float32)
    merged = values_of(soft_merge(image(blank), None, image(after.astype(np.uint8))))
    inside = merged[after]
    order = np.argsort(surface_distance(after, SPACING[::-1])[after], kind="stable")
    assert (np.diff(inside[order]) >= 0).all()
    assert (merged[~after] == 0).all()


def test_a_cord_drawn_where_nothing_was_predicted_gets_an_edge_blurred_by_one_voxel():
    shape = (10, 40, 40)
    after = radius_of(shape, (0.6, 0.6, 2.0)) < 6
    merged = values_of(soft_merge(image(np.zeros(shape, np.float32)), None, image(after.astype(np.uint8))))
    assert merged[5, 20, 20] == pytest.approx(1, abs=1e-6)
    rim = after & ~ndimage.binary_erosion(after, np.ones((1, 3, 3)))
    assert 0.5 < merged[rim].mean() < 0.8
    # Beyond its last slice the cord leaves the image; it does not end there.
    assert merged[0, 20, 20] == pytest.approx(1, abs=1e-6)


def test_an_edit_of_a_hard_prediction_stays_hard():
    before = cylinder(1.0) >= 0.5
    after = ndimage.binary_dilation(before, iterations=2) & (np.arange(60) < 20)
    merged = values_of(
        soft_merge(image(before.astype(np.float32)), image(before.astype(np.uint8)), image(after.astype(np.uint8)))
    )
    assert merged[after].min() > 0.99
    assert merged[~after].max() < 0.01


def test_everything_removed_is_nothing_and_everything_added_is_everything():
    soft = cylinder(1.0)
    none, whole = np.zeros(soft.shape, np.uint8), np.ones(soft.shape, np.uint8)
    assert values_of(soft_merge(image(soft), None, image(none)))[soft >= 0.5].max() == 0
    assert values_of(soft_merge(image(soft), None, image(whole)))[soft < 0.5].min() == 1


def test_the_correction_lands_where_it_was_drawn_on_the_grid_of_the_prediction(awkward_image):
    values = (sitk.GetArrayFromImage(awkward_image) > 300).astype(np.float32) * 0.9
    soft = image_like(values, awkward_image)
    drawn = np.zeros(values.shape, np.uint8)
    drawn[7:9, 12:18, 20:26] = 1
    merged = soft_merge(soft, None, image_like(drawn, awkward_image))
    assert same_grid(merged, awkward_image, 0)
    corner = values > 0.5
    assert values_of(merged)[corner].max() == 0
    # By position: the mass lies in the middle of what was drawn, in mm.
    assert centre_of_mass(merged) == pytest.approx(centre_of_mass(image_like(drawn, awkward_image)), abs=1e-3)


def test_masks_of_other_grids_and_values_that_are_no_mask_are_refused(awkward_image):
    soft = image_like(np.zeros((11, 20, 29), np.float32), awkward_image)
    with pytest.raises(BadInputError, match="corrected mask and the prediction lie on different grids"):
        soft_merge(soft, None, soft[1:])
    with pytest.raises(BadInputError, match="predicted mask"):
        soft_merge(soft, soft[:, 1:], soft)
    with pytest.raises(BadInputError, match="between 0 and 1"):
        soft_merge(awkward_image, None, soft)
    with pytest.raises(BadInputError, match="threshold 1 "):
        soft_merge(soft, None, soft, threshold=1)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 0.5, 0.5)])
def test_the_surface_of_a_slab_lies_on_the_faces_of_its_voxels(spacing):
    mask = np.zeros((8, 9, 10), bool)
    mask[3:, :, :] = True
    expected = (np.arange(8) - 2.5) * spacing[0]
    assert np.allclose(surface_distance(mask, spacing), expected[:, None, None])


def test_the_fitted_profile_is_the_one_the_values_were_drawn_from():
    random = np.random.default_rng(1)
    distances = random.uniform(-4, 4, 20000)
    soft = np.clip(ndtr(distances / 0.8) + random.normal(0, 0.05, distances.size), 0, 1)
    profile = fit_profile(soft, distances, (1.0, 1.0, 1.0))
    places = np.linspace(-3, 3, 25)
    assert profile(places) == pytest.approx(ndtr(places / 0.8), abs=0.03)
    assert profile(np.array([-np.inf, np.inf])).tolist() == [0, 1]


def test_too_few_voxels_tell_nothing_about_the_profile():
    few = fit_profile(np.array([0.2, 0.9]), np.array([-1.0, 1.0]), SPACING)
    assert np.array_equal(few.values, default_profile(SPACING).values)
