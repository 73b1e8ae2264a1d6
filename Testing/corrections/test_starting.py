"""From what a person begins with to the correction that is saved."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from small_corrections import box_mask, box_soft

from crosscontrast.corrections.ghosts import without_ghosts
from crosscontrast.corrections.starting import save_edited, starting_point
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import image_like, write_image

CASE = "sub-01_T2w"


def values(image):
    return sitk.GetArrayFromImage(image)


def predict(dataset, soft):
    folder = dataset.layout.prediction(CASE)
    folder.mkdir(parents=True, exist_ok=True)
    write_image(soft, folder / f"{CASE}_softseg.nii.gz")


def two_blobs():
    """A cord and a false object, both with a soft rim, and their mask."""
    hard = np.zeros((8, 20, 40), np.float32)
    hard[:, 6:14, 5:13] = 1
    hard[:, 6:14, 27:33] = 1
    soft = ndimage.gaussian_filter(hard, (0, 1.2, 1.2), truncate=2).astype(np.float32)
    return sitk.GetImageFromArray(soft), sitk.GetImageFromArray((soft >= 0.5).astype(np.uint8))


def test_a_person_begins_with_the_newest_correction_or_the_prediction_or_nothing(dataset):
    grid = dataset.record(CASE).grid()
    start = starting_point(dataset, CASE)
    assert (start.base, values(start.mask).max(), values(start.soft).max()) == (0, 0, 0)
    predict(dataset, box_soft(grid, 5))
    start = starting_point(dataset, CASE, threshold=0.7)
    assert np.array_equal(values(start.mask), values(box_mask(grid, 5)))
    assert values(starting_point(dataset, CASE, threshold=0.8).mask).max() == 0
    save_edited(dataset, start, box_mask(grid, 6), author="A", seconds=3)
    assert np.array_equal(values(starting_point(dataset, CASE).mask), values(box_mask(grid, 6)))
    assert np.array_equal(values(starting_point(dataset, CASE, revision=0).mask), values(box_mask(grid, 5)))
    with pytest.raises(BadInputError, match="no revision 4"):
        starting_point(dataset, CASE, revision=4)


def test_two_who_began_with_the_same_revision_both_keep_their_correction(dataset):
    grid = dataset.record(CASE).grid()
    one, other = starting_point(dataset, CASE), starting_point(dataset, CASE)
    save_edited(dataset, one, box_mask(grid, 3), author="A")
    saved = save_edited(dataset, other, box_mask(grid, 7), author="B")
    assert [record.author for record in saved.overtaken] == ["A"]
    assert [record.base for record in dataset.history(CASE)] == [0, 0]


def test_a_prediction_of_another_image_is_not_begun_with(dataset):
    predict(dataset, box_soft(dataset.record(CASE).grid(), 5)[1:])
    with pytest.raises(BadInputError, match="does not lie on the grid"):
        starting_point(dataset, CASE)


def test_nothing_stays_of_an_object_that_was_removed_and_the_other_keeps_its_rim():
    soft, mask = two_blobs()
    edited = values(mask)
    edited[..., 20:] = 0
    left = values(soft)
    left[:, :, 20:] *= values(soft)[:, :, 20:] < 0.5
    cleaned = values(without_ghosts(image_like(left, soft), mask, image_like(edited, mask)))
    assert cleaned[..., 20:].max() < 0.01
    assert np.array_equal(cleaned[..., :20], values(soft)[..., :20])


def test_an_object_of_which_something_is_left_keeps_its_rim():
    soft, mask = two_blobs()
    edited = values(mask)
    edited[..., 31:] = 0
    assert np.array_equal(values(without_ghosts(soft, mask, image_like(edited, mask))), values(soft))
    assert np.array_equal(values(without_ghosts(soft, mask, mask)), values(soft))


def test_a_faint_object_that_was_never_in_the_mask_stays():
    soft, mask = two_blobs()
    faint = values(soft)
    faint[..., 20:] *= 0.4
    only = values(mask)
    only[..., 20:] = 0
    first = image_like(faint, soft)
    assert np.array_equal(values(without_ghosts(first, image_like(only, mask), image_like(only, mask))), faint)
