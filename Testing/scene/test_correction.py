# ruff: noqa: E402 - the imports need slicer, which may be absent
"""From a soft map to a correction and back onto the grid of the image's own file, on a real scene."""

import numpy as np
import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from support import oblique_direction
from vtk.util.numpy_support import vtk_to_numpy

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like
from crosscontrast.scene.correction import Correction
from crosscontrast.scene.images import (
    add_volume,
    as_vtk,
    grid_of,
    ijk_to_ras,
    image_of,
    put_on,
    set_image,
    voxels,
)
from crosscontrast.scene.segments import segment_voxels, segmentation_of, set_segment
from crosscontrast.scene.volumes import read_volume


def load(scene, path, name):
    """Read a file as Slicer does: the node keeps the storage node that knows the file."""
    node = read_volume(scene, path, name)
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(path))
    node.SetAndObserveStorageNodeID(storage.GetID())
    return node


def tube(image):
    """A soft tube along the third axis, off centre, on the grid of ``image``: asymmetric in every direction."""
    k, j, i = np.indices(image.GetSize()[::-1])
    x, y, _ = image.GetSpacing()
    distance = np.hypot((i - 0.35 * i.max() - 0.2 * k) * x, (j - 0.6 * j.max()) * y)
    values = np.clip(1 - (distance - 4) / 2, 0, 1).astype(np.float32)
    values[:2] = 0
    return image_like(values, image)


@pytest.fixture
def source(scene, awkward_image, tmp_path):
    """The awkward image, loaded from its file."""
    sitk.WriteImage(awkward_image, str(tmp_path / "sub-01_T2w.nii.gz"))
    return load(scene, tmp_path / "sub-01_T2w.nii.gz", "T2w")


@pytest.fixture
def soft(scene, source, awkward_image, tmp_path):
    """A prediction, which comes to the scene through a file as a job's result does."""
    sitk.WriteImage(tube(awkward_image), str(tmp_path / "soft.nii.gz"))
    return read_volume(scene, tmp_path / "soft.nii.gz", "soft cord")


@pytest.fixture
def correction(scene, soft):
    return Correction(scene, soft, 0.5, "spinal cord")


def test_a_node_becomes_an_image_in_its_place_and_back(scene, source, awkward_image):
    image = image_of(source)
    original = sitk.GetArrayFromImage(awkward_image)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(put_on(image, awkward_image)), original)
    node = add_volume(scene, awkward_image, "from memory")  # stays left-handed: MRML allows that in memory
    np.testing.assert_allclose(np.linalg.det(ijk_to_ras(node)[:3, :3]) < 0, _is_left_handed(awkward_image))
    assert same_grid(image_of(node), awkward_image)
    set_image(node, image)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(put_on(image_of(node), awkward_image)), original)


def _is_left_handed(image):
    return np.linalg.det(np.array(image.GetDirection()).reshape(3, 3)) < 0


def test_a_volume_that_no_image_can_be_made_of_is_named(scene):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hollow")
    with pytest.raises(BadInputError, match="hollow"):
        image_of(empty)
    node = add_volume(scene, sitk.Image([4, 4, 4], sitk.sitkFloat32), "sheared")
    node.SetIJKToRASDirections(1, 0.3, 0, 0, 1, 0, 0, 0, 1)
    with pytest.raises(BadInputError, match="right angles"):
        image_of(node)


def test_the_grid_of_the_file_is_taken_while_it_fits(scene, source, awkward_image, tmp_path):
    assert same_grid(grid_of(source), awkward_image)
    other = add_volume(scene, image_of(source), "computed")
    assert same_grid(grid_of(other), image_of(other))
    source.SetOrigin(0, 0, 0)  # someone moved the volume since it was read
    assert same_grid(grid_of(source), image_of(source))
    (tmp_path / "sub-01_T2w.nii.gz").write_bytes(b"overwritten")
    assert same_grid(grid_of(source), image_of(source))


def test_the_segment_is_the_map_at_its_threshold(scene, soft, correction):
    np.testing.assert_array_equal(segment_voxels(correction.segmentation, soft), voxels(soft) >= 0.5)
    assert segmentation_of(scene, soft) is correction.segmentation
    again = Correction(scene, soft, 0.25, "spinal cord")
    assert again.segmentation is correction.segmentation
    np.testing.assert_array_equal(segment_voxels(again.segmentation, soft), voxels(soft) >= 0.25)


def edit_by_hand(correction, source, awkward_image, added, removed):
    """Edit as the Segment Editor does, through its own logic; return what it should give on the file's grid."""
    soft, segmentation = correction.soft, correction.segmentation
    logic = slicer.vtkSlicerSegmentEditorLogic()
    scene = soft.GetScene()
    logic.SetMRMLScene(scene)
    editor = scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
    logic.SetSegmentEditorNode(editor)
    logic.SetSegmentationNode(segmentation)
    logic.SetSourceVolumeNode(source)
    logic.SetCurrentSegmentID(segmentation.GetSegmentation().GetNthSegmentID(0))
    expected = sitk.GetArrayFromImage(tube(awkward_image)) >= 0.5
    for box, value, mode in (
        (added, True, logic.ModificationModeAdd),
        (removed, False, logic.ModificationModeRemove),
    ):
        paint = np.zeros(expected.shape, np.uint8)
        paint[box] = 1
        expected[box] = value
        on_node = sitk.GetArrayFromImage(put_on(image_like(paint, awkward_image), image_of(soft)))
        logic.UpdateReferenceGeometryImage()
        logic.ResetModifierLabelmapToDefault()
        modifier = logic.GetModifierLabelmap()
        vtk_to_numpy(modifier.GetPointData().GetScalars())[:] = on_node.ravel()
        logic.SaveStateForUndo()
        logic.ModifySegmentByLabelmap(segmentation, logic.GetCurrentSegmentID(), modifier, mode, False, True)
    return logic, expected


ADDED, REMOVED = np.s_[3:5, 2:5, 4:8], np.s_[6:8, 10:13, 8:14]


def test_predict_segment_edit_save_reload_gives_the_edited_voxels_at_their_places(
    scene, source, soft, correction, awkward_image, tmp_path
):
    _, expected = edit_by_hand(correction, source, awkward_image, ADDED, REMOVED)
    assert correction.take_segment() is not None
    images = correction.images(source)
    for image in (images.predicted, images.soft, images.mask):
        assert same_grid(image, awkward_image)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(images.mask) > 0, expected)
    predicted, merged = (sitk.GetArrayFromImage(image) for image in (images.predicted, images.soft))
    np.testing.assert_array_equal(predicted, sitk.GetArrayFromImage(tube(awkward_image)))
    untouched = expected == (predicted >= 0.5)
    np.testing.assert_array_equal(merged[untouched], predicted[untouched])
    assert not untouched.all()
    np.testing.assert_array_equal(merged >= 0.5, expected)
    # saved, and read again by MRML into another scene
    sitk.WriteImage(images.mask, str(tmp_path / "mask.nii.gz"))
    reloaded = image_of(read_volume(scene, tmp_path / "mask.nii.gz", "mask"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(put_on(reloaded, awkward_image)) > 0, expected)


def test_taking_an_edit_of_the_segment_back_gives_the_prediction_back_exactly(source, soft, correction, awkward_image):
    before = voxels(soft).copy()
    logic, _ = edit_by_hand(correction, source, awkward_image, ADDED, REMOVED)
    correction.take_segment()
    assert correction.changed_voxels > 0
    logic.Undo()
    logic.Undo()
    assert correction.take_segment() is not None
    np.testing.assert_array_equal(voxels(soft), before)
    assert correction.changed_voxels == 0
    assert correction.take_segment() is None


def test_the_merge_near_an_edit_is_the_merge_of_the_whole(soft, correction):
    from crosscontrast.corrections.soft_merge import soft_merge

    inside = segment_voxels(correction.segmentation, soft)
    inside |= np.roll(inside, 2, axis=1) & (np.indices(inside.shape)[0] > 5)
    start = image_of(soft)
    whole = soft_merge(start, None, image_like(inside.astype(np.uint8), start), threshold=0.5)
    set_segment(correction.segmentation, soft, inside)
    correction.take_segment()
    np.testing.assert_allclose(voxels(soft), sitk.GetArrayFromImage(whole), atol=0.02)


def test_a_piece_far_from_the_cord_has_the_softness_of_the_cord(scene):
    k, j, i = np.indices((90, 20, 20))
    values = np.where(k < 30, np.clip(1 - (np.hypot(i - 9, j - 9) - 4) / 3, 0, 1), 0).astype(np.float32)
    soft = add_volume(scene, sitk.GetImageFromArray(values), "soft")
    correction = Correction(scene, soft, 0.5, "cord")
    inside = values >= 0.5
    far = (k >= 60) & (k < 80) & (np.hypot(i - 9, j - 9) < 5.5)
    set_segment(correction.segmentation, soft, inside | far)
    correction.take_segment()
    np.testing.assert_array_equal(voxels(soft) >= 0.5, inside | far)
    across_cord, across_piece = voxels(soft)[15, 9], voxels(soft)[70, 9]
    assert across_piece[9] == pytest.approx(1, abs=0.02)
    assert np.abs(across_piece - across_cord)[far[70, 9]].max() < 0.15


def test_what_is_painted_and_erased_again_far_away_leaves_no_trace(scene, soft, correction):
    start, inside = voxels(soft).copy(), segment_voxels(correction.segmentation, soft)
    painted = inside.copy()
    painted[:2, :2, -4:] = True
    for mask in (painted, inside):
        set_segment(correction.segmentation, soft, mask)
        correction.take_segment()
    np.testing.assert_array_equal(voxels(soft), start)


def test_the_brush_changes_the_map_and_cuts_the_segment_anew(soft, correction):
    before = voxels(soft).copy()
    k, j, i = np.argwhere(before == 0)[len(before) // 2]
    point = (ijk_to_ras(soft) @ [i, j, k, 1])[:3]
    events = []
    soft.AddObserver("ModifiedEvent", lambda *_: events.append(1))
    correction.start_stroke(3.0, 1.0, True)
    assert correction.stroke_to(tuple(point)) is not None
    assert events, "the slice views are told while the brush moves"
    assert voxels(soft)[k, j, i] == pytest.approx(1)
    assert not segment_voxels(correction.segmentation, soft)[k, j, i], "the segment follows at the end of the stroke"
    assert correction.end_stroke() is not None
    np.testing.assert_array_equal(segment_voxels(correction.segmentation, soft), voxels(soft) >= 0.5)
    assert correction.take_segment() is None, "the segment came from the map, so there is nothing to merge"
    correction.undo()
    np.testing.assert_array_equal(voxels(soft), before)
    np.testing.assert_array_equal(segment_voxels(correction.segmentation, soft), before >= 0.5)
    correction.redo()
    assert voxels(soft)[k, j, i] == pytest.approx(1)
    assert correction.end_stroke() is None


def test_brush_and_segment_editor_work_on_one_map_and_one_history(source, soft, correction, awkward_image):
    start = voxels(soft).copy()
    centre = (ijk_to_ras(soft) @ [*np.argwhere(start > 0.9)[40][::-1], 1])[:3]
    correction.start_stroke(2.0, 0.4, False)
    correction.stroke_to(tuple(centre))
    correction.end_stroke()
    brushed = voxels(soft).copy()
    inside = segment_voxels(correction.segmentation, soft)
    inside[np.nonzero(~inside)[0][0], 0:3, 0:3] = True
    set_segment(correction.segmentation, soft, inside)
    correction.take_segment()
    changed = voxels(soft) != brushed
    assert changed.any()
    np.testing.assert_array_equal(voxels(soft) >= 0.5, inside)
    correction.undo()
    np.testing.assert_array_equal(voxels(soft), brushed)
    correction.undo()
    np.testing.assert_array_equal(voxels(soft), start)
    assert correction.undo() is None


def test_under_a_transform_the_brush_acts_where_the_view_shows_the_map(scene, soft):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    moved = np.eye(4)
    moved[:3, 3] = (40, -15, 8)
    transform.SetMatrixTransformToParent(as_vtk(moved))
    soft.SetAndObserveTransformNodeID(transform.GetID())
    correction = Correction(scene, soft, 0.5, "spinal cord")
    assert correction.segmentation.GetTransformNodeID() == transform.GetID()
    k, j, i = np.argwhere(voxels(soft) == 0)[50]
    correction.start_stroke(2.0, 1.0, True)
    correction.stroke_to(tuple((moved @ ijk_to_ras(soft) @ [i, j, k, 1])[:3]))
    correction.end_stroke()
    assert voxels(soft)[k, j, i] == pytest.approx(1)
    np.testing.assert_array_equal(segment_voxels(correction.segmentation, soft), voxels(soft) >= 0.5)


def test_the_prediction_is_kept_when_the_correction_is_opened_again(scene, soft, correction):
    before = voxels(soft).copy()
    correction.start_stroke(3.0, 1.0, False)
    correction.stroke_to(tuple((ijk_to_ras(soft) @ [*np.argwhere(before > 0.9)[0][::-1], 1])[:3]))
    correction.end_stroke()
    again = Correction(scene, soft, 0.5, "spinal cord")
    np.testing.assert_array_equal(voxels(again.predicted), before)
    assert again.changed_voxels == correction.changed_voxels > 0


@pytest.mark.parametrize("left_handed", [True, False])
def test_an_empty_segment_means_that_there_is_no_cord(scene, tmp_path, left_handed):
    image = sitk.Image([12, 10, 8], sitk.sitkFloat32)
    image.SetDirection(oblique_direction(left_handed))
    soft = add_volume(scene, tube(image), "soft")
    correction = Correction(scene, soft, 0.5, "spinal cord")
    set_segment(correction.segmentation, soft, np.zeros((8, 10, 12), bool))
    correction.take_segment()
    assert voxels(soft).max() < 0.5
    assert not segment_voxels(correction.segmentation, soft).any()
