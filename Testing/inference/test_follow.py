"""Windows along a structure: they hold it in their middle, see all of it, and put their answers where they belong."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscontrast.inference.follow import Follower, cut

SIZE = (8, 12, 16)


def tube(shape, axis=0, first=0, last=None, amplitude=0.0):
    """A tube of 4 x 4 voxels along ``axis`` that winds in the other two directions."""
    moved = np.zeros((shape[axis], *(n for i, n in enumerate(shape) if i != axis)), np.float32)
    for position in range(first, shape[axis] if last is None else last):
        middle = [n // 2 + round(amplitude * np.sin(position / 9 + k)) for k, n in enumerate(moved.shape[1:])]
        moved[position, middle[0] - 2 : middle[0] + 2, middle[1] - 2 : middle[1] + 2] = 1
    return np.moveaxis(moved, 0, axis)


def follow(
    coarse, image, *, axis=0, size=SIZE, overlap=0.5, margin=4, predict=lambda windows: windows, batch=2, within=None
):
    """Run a follower; return the refined values and the windows that it looked at."""
    seen = []

    def remembered(windows, _estimates):
        seen.extend(windows)
        return predict(windows)

    values = coarse[None].copy()
    follower = Follower(values, 0, 0.3, size, overlap, axis, margin, within)
    reports = list(follower.run(torch.from_numpy(image)[None], remembered, batch))
    assert not seen or reports[-1] == (len(seen), len(seen))
    return values[0], seen


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_answer_lands_where_its_window_was_taken(axis):
    shape = (40, 44, 48)
    image = np.random.default_rng(0).random(shape, np.float32)
    coarse = 0.5 * tube(shape, axis, amplitude=6)
    refined, _ = follow(coarse, image, axis=axis)
    touched = refined != coarse
    assert np.allclose(refined[touched], image[touched], atol=1e-5)
    assert touched[coarse > 0].all()
    assert not touched.all()


def test_the_structure_lies_in_the_middle_of_its_windows():
    coarse = tube((64, 60, 60), amplitude=12)
    _, seen = follow(coarse, coarse, size=(8, 16, 16), margin=0)
    for window in seen:
        places = np.argwhere(window[0].numpy() > 0.5)
        off = (places.min(0) + places.max(0))[1:] / 2 - 7.5
        assert np.abs(off).max() <= 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_it_stops_at_the_ends_that_it_is_given(axis):
    shape = (64, 60, 56)
    image = tube(shape, axis, amplitude=4)
    coarse = image * np.moveaxis((np.arange(shape[axis]) == 30).reshape(-1, 1, 1), 0, axis)
    free, everywhere = follow(coarse, image, axis=axis)
    refined, seen = follow(coarse, image, axis=axis, within=(20, 35))
    found = np.flatnonzero(np.moveaxis(refined, axis, 0).any((1, 2)))
    assert (found.min(), found.max()) == (20, 35)
    assert np.moveaxis(free, axis, 0)[36:].any()
    assert len(seen) < len(everywhere)


def test_a_specks_place_is_not_visited():
    coarse = tube((64, 60, 60))
    coarse[3, 2, 2] = 1
    refined, _ = follow(coarse, np.zeros_like(coarse))
    assert refined[3, 2, 2] == 1


def test_windows_go_on_as_long_as_they_find_more():
    """The coarse pass saw a third of the cord; the fine one knows it all."""
    truth = tube((120, 40, 40), amplitude=6)
    coarse = truth.copy()
    coarse[:40] = coarse[70:] = 0
    refined, seen = follow(coarse, truth)
    assert np.array_equal(refined > 0.3, truth > 0.3)
    assert len(seen) < 60


def test_windows_stop_where_the_structure_stops():
    truth = tube((120, 40, 40), first=50, last=80)
    _, seen = follow(truth, truth)
    assert len(seen) <= 12


def test_a_structure_wider_than_a_window_takes_several():
    coarse = np.zeros((16, 64, 64), np.float32)
    coarse[:, 10:54, 12:50] = 1
    refined, _ = follow(coarse, np.full_like(coarse, 0.7))
    assert np.allclose(refined[:, 10:54, 12:50], 0.7)


def test_nothing_to_follow_changes_nothing():
    coarse = np.full((20, 20, 20), 0.1, np.float32)
    refined, seen = follow(coarse, np.ones_like(coarse))
    assert not seen
    assert np.array_equal(refined, coarse)


def test_beyond_the_border_the_image_goes_on_as_it_ends():
    x = torch.arange(5.0)[None, :, None, None].expand(1, 5, 3, 3)
    assert cut(x, (-2, 0, -1), (9, 3, 5))[0, :, 0, 0].tolist() == [0, 0, 0, 1, 2, 3, 4, 4, 4]
    image = np.ones((5, 6, 7), np.float32)
    refined, _ = follow(image, image)
    assert np.array_equal(refined, image)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(*[st.integers(4, 50)] * 3),
    overlap=st.sampled_from([0.0, 0.25, 0.5, 0.75]),
    margin=st.integers(0, 10),
    seed=st.integers(0, 100),
)
def test_whatever_the_shapes_it_ends_and_covers_the_structure(shape, overlap, margin, seed):
    image = np.random.default_rng(seed).random(shape, np.float32)
    coarse = np.where(np.random.default_rng(seed + 1).random(shape) > 0.999, 0.9, 0).astype(np.float32)
    coarse[shape[0] // 2, shape[1] // 2, shape[2] // 2] = 0.95
    refined, seen = follow(coarse, image, overlap=overlap, margin=margin)
    assert seen
    middle = tuple(n // 2 for n in shape)
    assert refined[middle] == pytest.approx(image[middle], abs=1e-5)
