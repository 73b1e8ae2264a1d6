import numpy as np
import pytest

from crosscontrast.inference.localise import structure_box
from crosscontrast.inference.preprocess import normalise


@pytest.fixture
def values():
    values = np.random.default_rng(0).gamma(2, 100, (20, 30, 40)).astype(np.float32)
    values[:10] = 0
    return values


def test_foreground_normalisation_ignores_background_and_bright_outliers(values):
    reference = normalise(values, "foreground")
    brighter = values.copy()
    brighter[15, 3, 5] = 1e6
    assert np.abs(normalise(brighter, "foreground")[10:14] - reference[10:14]).max() < 0.02
    foreground = reference[values > 0]
    assert abs(foreground.mean()) < 1e-4
    assert abs(foreground.std() - 1) < 1e-4


def test_robust_normalisation_does_not_depend_on_unit_offset_fill_or_single_voxels(values):
    reference = normalise(values, "robust")
    assert np.allclose(normalise(0.02 * values - 500, "robust"), reference, atol=1e-3)
    filled = np.where(values == 0, -1024, values)  # as where a scanner's field of view is round
    assert np.allclose(normalise(filled, "robust")[10:], reference[10:], atol=1e-3)
    odd = values.copy()
    odd[15, 3, 5], odd[16, 3, 5] = 1e6, -1e6
    assert np.abs(normalise(odd, "robust")[10:14] - reference[10:14]).max() < 0.5


@pytest.mark.parametrize("method", ["foreground", "robust", "zscore", "minmax"])
def test_normalisation_does_not_depend_on_the_scanner_gain(values, method):
    assert np.allclose(normalise(values, method), normalise(37 * values, method), atol=1e-4)


def test_minmax_spans_zero_to_one_and_none_changes_nothing(values):
    assert normalise(values, "minmax").min() == 0
    assert normalise(values, "minmax").max() == 1
    assert normalise(values, "none") is values


def test_the_box_holds_the_main_pieces_but_not_a_speck():
    soft = np.zeros((60, 60, 60), np.float32)
    soft[10:30, 20:24, 20:24] = 0.9
    soft[34:50, 22:26, 20:24] = 0.8
    soft[2:4, 55:57, 55:57] = 1.0
    box = structure_box(soft, 0.3, (2, 3, 4), divisible_by=1)
    assert box == (slice(8, 52), slice(17, 29), slice(16, 28))


def test_box_sides_are_divisible_where_the_map_is_large_enough():
    soft = np.zeros((60, 20, 60), np.float32)
    soft[0:5, 9:12, 55:60] = 1
    box = structure_box(soft, 0.3, (1, 1, 1), divisible_by=16)
    lengths = [side.stop - side.start for side in box]
    assert lengths[1] == 16
    for side, extent in zip(box, soft.shape, strict=True):
        assert 0 <= side.start < side.stop <= extent
    assert (soft[box] > 0).sum() == (soft > 0).sum()


def test_the_box_is_as_large_as_a_window_even_at_the_border():
    soft = np.zeros((60, 60, 60), np.float32)
    soft[56:60, 0:4, 30:34] = 1
    box = structure_box(soft, 0.3, (1, 1, 1), 16, at_least=(48, 32, 100))
    assert box == (slice(12, 60), slice(0, 32), slice(0, 60))


def test_nothing_found_is_no_box():
    assert structure_box(np.full((8, 8, 8), 0.2), 0.3, (1, 1, 1), 8) is None
