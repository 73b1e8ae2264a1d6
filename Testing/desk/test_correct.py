"""Correcting without a front end, on a real scene."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from desk.conftest import place

from crosscontrast.desk.correct import Corrector
from crosscontrast.errors import BadInputError
from crosscontrast.scene.images import voxels
from crosscontrast.scene.segments import segment_voxels, set_segment


def paint(corrector, box):
    """Add a box to the segment, as a segment editor does; return the segment then."""
    inside = segment_voxels(corrector.correction.segmentation, corrector.soft)
    inside[box] = True
    set_segment(corrector.correction.segmentation, corrector.soft, inside)
    return inside


CORNER = np.s_[2:4, 0:3, 25:29]


def test_it_says_in_turn_what_is_lacking(scene, soft):
    corrector = Corrector(scene, "spinal cord")
    assert corrector.why_not_begin() == corrector.why_not_edit() == "Segment the image first."
    with pytest.raises(BadInputError, match="Segment the image"):
        corrector.begin(0.5)
    corrector.use(soft)
    assert corrector.why_not_begin() == ""
    assert corrector.why_not_edit() == "Make a segment first."
    corrector.begin(0.5)
    assert corrector.why_not_edit() == ""
    assert corrector.why_not_undo() == corrector.why_not_reset() == "Nothing was changed yet."
    assert corrector.why_not_redo() == "Nothing was undone."
    assert not corrector.unsaved


def test_an_edit_of_the_segment_is_taken_told_undone_and_made_again(corrector, soft):
    start, told = voxels(soft).copy(), []
    corrector.changed.append(told.append)
    inside = paint(corrector, CORNER)
    corrector.take()
    np.testing.assert_array_equal(voxels(soft) >= 0.5, inside)
    after = voxels(soft).copy()
    assert len(told) == 1
    assert corrector.unsaved
    assert corrector.changed_voxels > 0
    corrector.undo()
    np.testing.assert_array_equal(voxels(soft), start)
    corrector.redo()
    np.testing.assert_array_equal(voxels(soft), after)
    corrector.reset()
    np.testing.assert_array_equal(voxels(soft), start)
    corrector.undo()
    np.testing.assert_array_equal(voxels(soft), after)


@pytest.mark.parametrize("act", ["redo", "reset", "begin", "use"])
def test_what_was_just_painted_is_not_lost_by_what_comes_before_it_is_taken_in(corrector, soft, act):
    inside = paint(corrector, CORNER)
    if act == "begin":
        corrector.begin(0.5)
    elif act == "use":
        corrector.use(None)
    else:
        getattr(corrector, act)()
    if act == "reset":
        corrector.undo()
    np.testing.assert_array_equal(voxels(soft) >= 0.5, inside)


def test_the_brush_leaves_no_gaps_however_fast_it_moves(corrector, soft):
    painted, changed = [], []
    corrector.painted.append(painted.append)
    corrector.changed.append(changed.append)
    start = place(soft, 2, 3, 5)
    corrector.press(start, 1.5, 1.0, raising=True)
    corrector.move(place(soft, 26, 3, 5))
    assert len(painted) == 2
    assert not changed
    corrector.take()
    assert not changed, "the brush is still down"
    corrector.lift()
    corrector.take()
    assert len(changed) == 1
    assert voxels(soft)[5, 3, 2:27].min() > 0.9
    corrector.undo()
    assert voxels(soft)[5, 3, 2:27].max() == 0


def test_a_stroke_over_what_the_editor_did_just_before_keeps_both(corrector, soft):
    paint(corrector, CORNER)
    corrector.press(place(soft, 3, 15, 8), 2.0, 1.0, raising=True)
    corrector.lift()
    corrector.take()
    assert (voxels(soft)[CORNER] >= 0.5).all()
    assert voxels(soft)[8, 15, 3] == pytest.approx(1)


@pytest.mark.parametrize("what", ["segment", "segmentation"])
def test_a_correction_ends_with_its_segment_and_the_map_stays(corrector, scene, soft, what):
    start = voxels(soft).copy()
    segmentation = corrector.correction.segmentation
    if what == "segment":
        segmentation.GetSegmentation().RemoveSegment(segmentation.GetSegmentation().GetNthSegmentID(0))
    else:
        scene.RemoveNode(segmentation)
    corrector.take()
    assert corrector.correction is None
    assert corrector.why_not_edit() == "Make a segment first."
    np.testing.assert_array_equal(voxels(soft), start)
    corrector.press(place(soft, 3, 15, 8), 2.0, 1.0, raising=True)
    np.testing.assert_array_equal(voxels(soft), start)
    corrector.begin(0.5)
    np.testing.assert_array_equal(segment_voxels(corrector.correction.segmentation, soft), start >= 0.5)


def test_that_it_is_not_saved_is_remembered_by_the_map(corrector, scene, soft):
    paint(corrector, CORNER)
    corrector.use(None)
    assert not corrector.unsaved
    other = Corrector(scene, "spinal cord")
    other.use(soft)
    assert other.unsaved


def test_the_states_are_told(corrector):
    states = []
    corrector.state.append(lambda: states.append((corrector.correction is not None, corrector.why_not_undo() == "")))
    paint(corrector, CORNER)
    corrector.take()
    corrector.end()
    assert states == [(True, True), (False, False)]


def test_a_correction_rests_while_another_map_is_at_hand_and_has_its_history_then(corrector, scene, soft):
    from crosscontrast.scene.images import add_volume, image_of

    paint(corrector, CORNER)
    corrector.take()
    first = corrector.correction
    start = voxels(first.predicted).copy()
    other = add_volume(scene, image_of(soft), "other")
    corrector.use(other)
    assert corrector.why_not_undo() == "Nothing was changed yet."
    corrector.begin(0.5)
    corrector.use(soft)
    assert corrector.correction is first
    corrector.undo()
    np.testing.assert_array_equal(voxels(soft), start)
    corrector.use(other)
    scene.RemoveNode(soft)
    corrector.use(soft)
    assert corrector.correction is None
    corrector.use(other)
    corrector.end()
    corrector.use(None)
    corrector.use(other)
    assert corrector.correction is None, "end is the end"


def test_all_corrections_that_are_not_saved_rest_with_their_history(corrector, scene, soft):
    from crosscontrast.scene.images import add_volume, image_of

    maps = [soft, *(add_volume(scene, image_of(soft), name) for name in "bc")]
    starts = [voxels(one).copy() for one in maps]
    for one in maps:
        corrector.use(one)
        if corrector.correction is None:
            corrector.begin(0.5)
        paint(corrector, CORNER)
        corrector.take()
    for one, start in zip(maps, starts, strict=True):
        corrector.use(one)
        corrector.undo()
        np.testing.assert_array_equal(voxels(one), start)


def turned(scene):
    """A rotation by 20 degrees about the body's axis, off centre."""
    from crosscontrast.scene.images import as_vtk

    a = np.deg2rad(20)
    matrix = np.array([[np.cos(a), -np.sin(a), 0, 30], [np.sin(a), np.cos(a), 0, -5], [0, 0, 1, 2], [0, 0, 0, 1]])
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(as_vtk(matrix))
    return transform


def test_a_map_follows_its_image_under_a_transform_and_so_does_the_grid_that_the_editor_paints_on(scene, source, soft):
    import slicer

    from crosscontrast.scene.images import ijk_to_ras

    source.SetAndObserveTransformNodeID(turned(scene).GetID())
    corrector = Corrector(scene, "spinal cord")
    corrector.use(soft)
    corrector.begin(0.5)
    correction = corrector.correction
    for node in (soft, correction.predicted, correction.segmentation):
        assert node.GetTransformNodeID() == source.GetTransformNodeID()
    grid = slicer.vtkOrientedImageData()
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    geometry = correction.segmentation.GetSegmentation().GetConversionParameter(name)
    slicer.vtkSegmentationConverter.DeserializeImageGeometry(geometry, grid, False)
    assert grid.GetDimensions() == soft.GetImageData().GetDimensions()
    np.testing.assert_allclose(matrix_of(grid), ijk_to_ras(soft), atol=1e-6)


def matrix_of(grid):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    grid.GetImageToWorldMatrix(matrix)
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
