import math

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from crosscontrast.errors import BadInputError
from crosscontrast.metrics.similarity import compare_images


def image(values, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0)):
    made = sitk.GetImageFromArray(np.asarray(values, np.float32))
    made.SetSpacing(spacing)
    made.SetOrigin(origin)
    return made


@pytest.fixture
def pair():
    """A smooth reference and a test image with a known error of +3 in one half and -1 in the other."""
    z, y, x = np.mgrid[:16, :20, :24]
    reference = 100 + 40 * np.sin(x / 4) * np.cos(y / 5) + 2 * z
    test = reference + np.where(x < 12, 3.0, -1.0)
    return reference, test


def test_the_pointwise_measures_of_a_known_error(pair):
    reference, test = pair
    found = compare_images(image(reference), image(test), data_range=200)
    assert found.voxels == reference.size
    assert found.mae == pytest.approx(2, abs=1e-5)
    assert found.mse == pytest.approx(5, abs=1e-4)
    assert found.rmse == pytest.approx(math.sqrt(5), abs=1e-5)
    assert found.nmse == pytest.approx(5 * reference.size / (reference**2).sum(), rel=1e-4)
    assert found.psnr == pytest.approx(20 * math.log10(200 / math.sqrt(5)), abs=1e-4)
    assert found.data_range_from == "given"


def test_a_mask_confines_every_pointwise_measure_and_the_default_range(pair):
    reference, test = pair
    mask = np.zeros(reference.shape)
    mask[4:12, 5:15, 13:] = 1
    found = compare_images(image(reference), image(test), image(mask))
    assert (found.mae, found.mse) == (pytest.approx(1, abs=1e-5), pytest.approx(1, abs=1e-4))
    assert found.pearson == pytest.approx(1, abs=1e-6)
    assert found.data_range == pytest.approx(np.ptp(reference[mask > 0]), rel=1e-6)
    assert found.data_range_from == "reference in mask"


def test_ssim_is_scikit_images_whole_map_averaged_in_the_mask(pair):
    reference, test = (values.astype(np.float32).astype(float) for values in pair)
    test = test + np.random.default_rng(0).normal(0, 20, test.shape).astype(np.float32)
    mask = np.zeros(reference.shape)
    mask[7:9, 9:12, 2:20] = 1
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
    whole = structural_similarity(reference, test.astype(np.float32).astype(float), data_range=150, **options)[1]
    found = compare_images(image(reference), image(test), image(mask), data_range=150)
    assert found.ssim == pytest.approx(whole[mask > 0].mean(), abs=1e-6)
    assert found.ssim_windows == "cubes"


def test_a_thin_stack_is_compared_slice_by_slice_and_a_tiny_image_has_no_ssim(pair):
    reference, test = (values[:4] for values in pair)
    found = compare_images(image(reference), image(test), data_range=200)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
    slices = [structural_similarity(a, b, data_range=200, **options)[1] for a, b in zip(reference, test, strict=True)]
    assert found.ssim_windows == "squares"
    assert found.ssim == pytest.approx(np.mean(slices), abs=1e-5)
    tiny = compare_images(image(reference[:, :5]), image(test[:, :5]))
    assert (tiny.ssim, tiny.ssim_windows) == (None, "none")


def test_an_image_is_like_itself(pair):
    found = compare_images(image(pair[0]), image(pair[0]))
    assert (found.mae, found.nmse, found.psnr) == (0, 0, None)
    assert found.ssim == pytest.approx(1)
    assert found.pearson == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(0.1, 50), offset=st.floats(-500, 500), seed=st.integers(0, 999))
def test_a_change_of_unit_changes_only_the_measures_that_have_one(scale, offset, seed):
    rng = np.random.default_rng(seed)
    reference = rng.normal(0, 1, (12, 12, 12))
    test = reference + rng.normal(0, 0.3, reference.shape)
    plain = compare_images(image(reference), image(test))
    scaled = compare_images(image(reference * scale), image(test * scale))
    assert scaled.mae == pytest.approx(scale * plain.mae, rel=1e-3)
    for name in ("psnr", "nmse", "ssim", "pearson"):
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name), rel=1e-3)
    shifted = compare_images(image(reference + offset), image(test + offset))
    assert shifted.mae == pytest.approx(plain.mae, rel=1e-2)
    assert shifted.pearson == pytest.approx(plain.pearson, rel=1e-2)


def test_a_shifted_grid_is_an_error_until_resampling_is_allowed():
    z, y, x = np.mgrid[:12, :14, :16].astype(float)
    ramp = x + 2 * y + 3 * z
    reference = image(ramp)
    test = image(ramp[:, :, 2:] + 0.25, origin=(2.0, 0.0, 0.0))
    with pytest.raises(BadInputError, match="different grids"):
        compare_images(reference, test)
    mask = np.zeros(ramp.shape)
    mask[2:10, 2:12, 4:14] = 1
    found = compare_images(reference, test, image(mask), resample=True)
    assert found.resampled
    assert found.mae == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda r, t, m: (r, t, m * 0), "The mask is empty"),
        (lambda r, t, m: (r * 0, t, m), "data range must be above 0"),
        (lambda r, t, m: (r, np.where(t > 5, np.nan, t), m), "test image has voxels that are NaN"),
        (lambda r, t, m: (r, t, m[1:]), "mask does not lie on the reference's grid"),
    ],
)
def test_what_cannot_be_compared_is_refused(spoil, sentence):
    values = np.arange(12.0**3).reshape(12, 12, 12)
    reference, test, mask = spoil(values, values + 1, np.ones_like(values))
    with pytest.raises(BadInputError, match=sentence):
        compare_images(image(reference), image(test), image(mask))


def test_a_test_image_that_ends_is_compared_where_it_was_measured(pair):
    """Beyond its field of view there is no 0 to compare with, nor for the windows that would reach there."""
    reference, _ = pair
    whole = image(reference)
    found = compare_images(whole, image(reference + 3)[2:22, :, :], resample=True, data_range=100)
    assert (found.voxels, found.mae) == (16 * 20 * 20, pytest.approx(3, abs=1e-4))
    assert found.pearson == pytest.approx(1)
    entire = compare_images(whole, image(reference + 3), mask=_box(whole, 7, 17), data_range=100)
    assert found.ssim == pytest.approx(entire.ssim, abs=1e-6)
    with pytest.raises(BadInputError, match="do not meet"):
        compare_images(whole, image(reference)[:3], mask=_box(whole, 10, 20), resample=True)


def test_what_was_not_measured_counts_in_no_measure(pair):
    reference, test = pair
    measured = np.ones(reference.shape, np.uint8)
    measured[:, :, 20:] = 0
    worse = np.where(measured, test, 1e4)
    one, other = (
        compare_images(image(reference), image(t), None, 100, measured=image(measured)) for t in (test, worse)
    )
    assert one == other
    assert one.voxels == measured.sum()


def _box(grid, low, high):
    """Ones at these places along i."""
    values = np.zeros(grid.GetSize()[::-1], np.uint8)
    values[:, :, low:high] = 1
    return image(values)
