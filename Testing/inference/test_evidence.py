"""What speaks for a tube, and where one is proposed."""

import numpy as np
import pytest

from crosscontrast.inference.evidence import main_tube, measure_tube
from crosscontrast.inference.propose import pointed_at, proposals

SHAPE = (60, 40, 44)


def tube(value=0.95, first=0, last=60, radius=5.0, wander=0.0, seed=0):
    """A tube along the first axis whose centre jumps by ``wander`` voxels and whose radius may be a function of z."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    jumps = wander * np.random.default_rng(seed).standard_normal((2, SHAPE[0], 1, 1))
    size = radius(z) if callable(radius) else radius
    inside = np.hypot(y - 20 - jumps[0], x - 22 - jumps[1]) < size
    return np.where(inside & (z >= first) & (z < last), value, 0).astype(np.float32)


def evidence(values, space=None, spacing=(1.0, 1.0, 1.0)):
    return measure_tube(values, space, main_tube(values, 0.3), spacing, len(values) * spacing[0])


def test_a_plain_tube_has_all_there_is_to_have():
    found = evidence(tube(), np.ones(SHAPE, np.float32))
    assert found.score > 0.95
    assert found.reach == 1
    assert found.length == 60
    assert found.area == pytest.approx(0.95 * 69)  # voxels


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (tube(0.7), "sure"),
        (tube(0.7) + 0.25 * tube(1, last=12), "seen"),
        (tube(radius=lambda z: 5 + 3 * np.sin(z)), "steady"),
        (tube(wander=0.8), "straight"),
    ],
)
def test_what_is_no_tube_lacks_something_and_has_less_evidence(values, what):
    found, plain = evidence(values), evidence(tube())
    assert getattr(found, what) < 0.5 < getattr(plain, what)
    assert found.score < 0.65 < plain.score


def test_a_tube_outside_of_the_space_that_it_should_lie_in_is_not_enclosed():
    space = np.zeros(SHAPE, np.float32)
    assert evidence(tube(), space).enclosed == 0
    assert evidence(tube(), None).enclosed == 1


def test_a_short_piece_counts_less_unless_the_image_is_as_short():
    assert evidence(tube(first=20, last=32)).score < 0.65
    assert evidence(tube()[:8]).score > 0.9


def test_evidence_is_measured_in_millimetres():
    fine, coarse = evidence(tube()), evidence(tube()[::4], spacing=(4.0, 1.0, 1.0))
    assert coarse.length == fine.length
    assert coarse.area == pytest.approx(fine.area)
    twice = evidence(tube(), spacing=(1.0, 2.0, 2.0))
    assert twice.area == pytest.approx(4 * fine.area)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pieces_that_thick_slices_have_parted_are_one_proposal_and_what_runs_beside_is_another(axis):
    parted, beside, speck = (np.zeros((60, 60, 60), np.float32) for _ in range(3))
    parted[:20, 10:18, 10:18] = parted[28:50, 10:18, 10:18] = 0.5
    beside[5:40, 10:18, 25:31] = 0.9
    speck[55, 40, 40] = 0.2
    whole = np.moveaxis(parted + beside + speck, 0, axis)
    found = list(proposals(whole, 0.1, axis, (1.0, 1.0, 1.0)))
    expected = [np.moveaxis(piece, 0, axis) > 0 for piece in (beside, parted, speck)]
    assert len(found) == 3
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_nothing_is_proposed_where_nothing_is():
    assert list(proposals(np.zeros((8, 8, 8), np.float32), 0.1, 0, (1.0, 1.0, 1.0))) == []


def test_a_point_stands_for_a_ball_in_mm_or_the_voxel_that_it_lies_in():
    ball = pointed_at((40, 40, 40), (20, 18, 15), (1.0, 1.0, 1.0))
    assert ball[20, 18, 15]
    assert ball.sum() == pytest.approx(4 / 3 * np.pi * 3.5**3, rel=0.1)
    thick = pointed_at((5, 40, 40), (2.4, 18, 39.5), (8.0, 1.0, 1.0))
    assert np.flatnonzero(thick.any((1, 2))).tolist() == [2]
    assert thick[2, 18, 39]
