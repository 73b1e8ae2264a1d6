import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from radiomic_phantoms import blob

from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import ImageWarning, image_like
from crosscontrast.radiomics.extraction.case import case_features
from crosscontrast.radiomics.extraction.region import aligned, normalised, perturbed, prepare, region_of
from crosscontrast.radiomics.extraction.settings import ExtractionSettings, Perturbation

_RNG = np.random.default_rng(0)


def image_of(values) -> sitk.Image:
    return sitk.GetImageFromArray(np.asarray(values))


def test_a_binary_mask_needs_no_choice_whatever_its_value():
    mask = image_of(blob() * 7)
    assert (region_of(mask, label=None, threshold=None) == blob().astype(bool)).all()


def test_a_label_map_gives_the_label_named_and_says_which_there_are():
    labels = blob()
    labels[:7] *= 3
    assert region_of(image_of(labels), label=3, threshold=None).sum() == (labels == 3).sum()
    with pytest.raises(BadInputError, match=r"labels 1, 3.*choose one"):
        region_of(image_of(labels), label=None, threshold=None)
    with pytest.raises(BadInputError, match="no label 2, only 1, 3"):
        region_of(image_of(labels), label=2, threshold=None)


def test_a_mask_on_a_finer_grid_is_resampled_by_position_only_when_that_is_asked(awkward_image):
    mask = sitk.Cast(awkward_image > 300, sitk.sitkUInt8) * 3
    fine = sitk.Expand(mask, [3, 2, 2], sitk.sitkNearestNeighbor)
    with pytest.raises(BadInputError, match="--resample-masks"):
        aligned(fine, awkward_image)
    with pytest.warns(ImageWarning, match="was resampled onto the image"):
        placed = aligned(fine, awkward_image, resample=True)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(placed), sitk.GetArrayFromImage(mask))
    settings = ExtractionSettings(classes=("statistics",), resample_masks=True)
    there = case_features(awkward_image, mask, settings)
    with pytest.warns(ImageWarning):
        assert case_features(awkward_image, fine, settings).values == there.values


def test_a_soft_map_is_never_thresholded_unasked():
    soft = _RNG.uniform(0, 1, (4, 4, 4)).astype(np.float32)
    with pytest.raises(BadInputError, match="soft"):
        region_of(image_of(soft), label=None, threshold=None)
    assert (region_of(image_of(soft), label=None, threshold=0.25) == (soft >= 0.25)).all()
    with pytest.raises(BadInputError, match="from 0 to 7"):
        region_of(image_of(blob() * 7), label=None, threshold=0.5)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda v, r: (v, np.zeros_like(r)), "empty"),
        (lambda v, r: (v, np.eye(1, r.size, 9, dtype=bool).reshape(r.shape)), "single voxel"),
        (lambda v, r: (np.where(r, 5.0, v), r), "constant in the mask"),
        (lambda v, r: (np.where(r & (v > 100), np.nan, v), r), "NaN or infinite"),
    ],
    ids=["empty", "one voxel", "constant", "not finite"],
)
def test_a_region_without_meaning_is_refused_with_its_reason(spoil, reason):
    values, region = spoil(_RNG.normal(100, 10, (6, 6, 6)), np.ones((6, 6, 6), bool))
    image = image_of(values)
    with pytest.raises(BadInputError, match=reason):
        prepare(image, image_of(region.astype(np.uint8)), region)


def test_a_mask_on_another_grid_is_refused_even_with_the_same_size():
    image = image_of(_RNG.normal(size=(6, 6, 6)))
    mask = image_of(np.ones((6, 6, 6), np.uint8))
    mask.SetOrigin((0.5, 0, 0))
    with pytest.raises(BadInputError, match="grid"):
        prepare(image, mask, np.ones((6, 6, 6), bool))


def test_nan_outside_the_mask_is_replaced_and_told(awkward_image):
    values = sitk.GetArrayFromImage(awkward_image)
    region = values > 300
    values[~region & (values > 110)] = np.nan
    spoiled = image_like(values, awkward_image)
    image, chosen, remarks = prepare(spoiled, spoiled, region)
    assert np.isfinite(sitk.GetArrayFromImage(image)).all()
    assert "outside the mask" in remarks[0]
    assert chosen.GetDirection() == image.GetDirection() == awkward_image.GetDirection()
    assert (sitk.GetArrayFromImage(chosen).astype(bool) == region).all()


@given(seed=st.integers(0, 1000), amplitude=st.floats(0.5, 1.5))
@settings(max_examples=15, deadline=None)
def test_a_perturbed_contour_moves_about_as_far_as_asked_and_the_inside_stays(seed, amplitude):
    region = blob(40, 12).astype(bool)
    spacing = (1.0, 1.0, 1.0)
    moved = perturbed(region, spacing, Perturbation(amplitude=amplitude, seed=seed))
    assert (moved == perturbed(region, spacing, Perturbation(amplitude=amplitude, seed=seed))).all()
    assert moved[blob(40, 12 - 5 * amplitude).astype(bool)].all()
    assert not moved[~blob(40, 12 + 5 * amplitude).astype(bool)].any()
    assert 0.7 < moved.sum() / region.sum() < 1.4
    assert (moved != region).any()


def test_normalising_makes_images_in_other_units_alike():
    values = _RNG.normal(100, 10, (6, 6, 6))
    all_of_it = np.ones(values.shape, bool)
    one, other = (sitk.GetArrayFromImage(normalised(image_of(v), all_of_it)) for v in (values, 3 * values - 50))
    assert one == pytest.approx(other)
    assert (one.mean(), one.std()) == (pytest.approx(0, abs=1e-9), pytest.approx(100))


def test_voxels_that_were_not_measured_do_not_decide_how_an_image_is_normalised():
    values = _RNG.normal(100, 10, (6, 6, 6))
    seen = np.ones(values.shape, bool)
    seen[4:] = False
    one, other = (
        sitk.GetArrayFromImage(normalised(image_of(np.where(seen, values, fill)), seen)) for fill in (0.0, -1024.0)
    )
    assert one[seen] == pytest.approx(other[seen])
    assert (one[seen].mean(), one[seen].std()) == (pytest.approx(0, abs=1e-9), pytest.approx(100))
