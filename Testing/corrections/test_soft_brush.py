import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscontrast.corrections.soft_brush import EditHistory, SoftStroke

#: Voxels of 0.5 x 0.8 x 3 mm, turned, shifted and with a reversed axis.
PLACE = np.array([[0, -0.8, 0, 5.0], [-0.5, 0, 0, 10.0], [0, 0, 3.0, -20.0], [0, 0, 0, 1.0]])
SHAPE = (12, 40, 50)


def positions(shape=SHAPE, place=PLACE):
    k, j, i = np.indices(shape)
    return np.stack([i, j, k, np.ones(shape)], axis=-1) @ place.T


def stroke(values, points, radius=4.0, strength=0.8, raising=True, place=PLACE):
    made = SoftStroke(values, place, radius, strength, raising)
    for point in points:
        made.move_to(np.array(point))
    return made.finish()


def test_a_dab_raises_most_at_its_centre_and_nothing_outside_its_radius():
    values = np.full(SHAPE, 0.2, np.float32)
    centre = (PLACE @ [20, 15, 6, 1])[:3]
    edit = stroke(values, [centre], radius=4.0, strength=0.5)
    distance = np.linalg.norm(positions()[..., :3] - centre, axis=-1)
    assert values[6, 15, 20] == pytest.approx(0.2 + 0.5 * 0.8)
    assert (values[distance >= 4.0] == np.float32(0.2)).all()
    assert (values[distance < 3.9] > 0.2).all()
    order = np.argsort(distance[distance < 4])
    assert (np.diff(values[distance < 4][order]) <= 1e-6).all()
    assert values[edit.box].shape == edit.before.shape
    half = np.abs(distance - 2.0) < 0.05
    assert half.any()
    np.testing.assert_allclose(values[half], 0.2 + 0.4 * 0.5, atol=0.02)


def test_lowering_is_the_mirror_image_of_raising():
    raised, lowered = np.full(SHAPE, 0.3, np.float32), np.full(SHAPE, 0.7, np.float32)
    points = [(PLACE @ [20, 15, 6, 1])[:3], (PLACE @ [26, 15, 6, 1])[:3]]
    stroke(raised, points)
    stroke(lowered, points, raising=False)
    np.testing.assert_allclose(raised, 1 - lowered, atol=1e-6)


def test_how_often_the_mouse_reports_does_not_matter():
    a, b = (PLACE @ [10, 15, 6, 1])[:3], (PLACE @ [11, 15, 6, 1])[:3]
    few, many = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)
    stroke(few, [a, b])
    stroke(many, [a, a, b, a, b, b])
    np.testing.assert_array_equal(few, many)


def test_a_brush_smaller_than_a_thick_slice_acts_on_the_slice_that_it_stands_in():
    values = np.zeros(SHAPE, np.float32)
    off_centre = (PLACE @ [20, 15, 6.4, 1])[:3]
    stroke(values, [off_centre], radius=1.0, strength=1.0)
    assert values[6, 15, 20] == pytest.approx(1)
    assert not values[[5, 7]].any()


def test_outside_the_map_nothing_happens_and_nothing_is_remembered():
    values = np.zeros(SHAPE, np.float32)
    assert stroke(values, [(500, 0, 0), (-500, 3, 2)]) is None
    assert not values.any()
    assert stroke(values, [(PLACE @ [20, 15, 6, 1])[:3]], raising=False) is None, "0 cannot be lowered"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.floats(-3, 52), st.floats(-3, 42), st.floats(-2, 13)), min_size=1, max_size=6),
            st.floats(0.3, 9),
            st.floats(0.01, 1),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_undoing_every_stroke_gives_the_map_back_and_redoing_the_result(strokes):
    original = np.random.default_rng(3).uniform(0, 1, SHAPE).astype(np.float32)
    values, history = original.copy(), EditHistory()
    for points, radius, strength, raising in strokes:
        edit = stroke(values, [(PLACE @ [*point, 1])[:3] for point in points], radius, strength, raising)
        if edit:
            history.push(edit)
    assert values.min() >= 0
    assert values.max() <= 1
    result = values.copy()
    while history.can_undo:
        assert history.undo(values) is not None
    np.testing.assert_array_equal(values, original)
    while history.can_redo:
        assert history.redo(values) is not None
    np.testing.assert_array_equal(values, result)
    assert history.redo(values) is None


def test_the_history_lets_the_oldest_go_and_a_new_change_ends_redoing():
    values, history = np.zeros((4, 4, 4), np.float32), EditHistory()
    place = np.eye(4)
    for step in range(250):
        history.push(stroke(values, [(step % 4, 1, 1)], radius=0.6, strength=0.1, place=place))
    undone = 0
    while history.undo(values) is not None:
        undone += 1
    assert undone == 200
    assert values.any(), "the first 50 strokes are there to stay"
    history.push(stroke(values, [(0, 0, 0)], radius=0.6, place=place))
    assert not history.can_redo
