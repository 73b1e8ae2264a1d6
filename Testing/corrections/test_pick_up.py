"""A cord that was lost is gone on with, and nothing that a person did is overwritten."""

import numpy as np
import pytest

from crosscontrast.corrections.pick_up import picked_up


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_only_slices_without_cord_and_without_a_correction_come_from_the_second_segmentation(axis):
    rng = np.random.default_rng(3)
    predicted = np.moveaxis(np.zeros((9, 5, 7), np.float32), 0, axis)
    along = np.moveaxis(predicted, axis, 0)
    along[:4, 1:3, 2:4] = 0.8
    along[4, 1:3, 2:4] = 0.3  # the soft end: no voxel reaches the threshold
    soft = predicted.copy()
    np.moveaxis(soft, axis, 0)[8] = 0.01  # somebody erased or softened something here
    np.moveaxis(soft, axis, 0)[1, 0, 0] = 0.9
    found = rng.random(predicted.shape, np.float32)
    merged = np.moveaxis(picked_up(soft, predicted, found, axis, 0.5), axis, 0)
    before, new = (np.moveaxis(values, axis, 0) for values in (soft, found))
    for number in range(9):
        kept = number < 4 or number == 8
        np.testing.assert_array_equal(merged[number], (before if kept else new)[number])
