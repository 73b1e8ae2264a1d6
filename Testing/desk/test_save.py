# ruff: noqa: E402 - the imports need slicer, which may be absent
"""Saving without a front end: real scene, real dataset, real job."""

import numpy as np
import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from desk.conftest import place, tube

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.desk.correct import Corrector
from crosscontrast.desk.save import Saver
from crosscontrast.ground.geometry import same_grid
from crosscontrast.scene.cord.inputs import is_input, write_inputs
from crosscontrast.scene.images import add_volume, as_vtk, voxels
from crosscontrast.scene.results import load_soft_map
from crosscontrast.scene.sources import remember_item


@pytest.fixture
def saver(corrector, runner, tmp_path):
    made = Saver(corrector, runner)
    made.dataset, made.author, made.note = tmp_path / "data", "A. Reader", "first try"
    return made


def dab(corrector, i, j, k):
    corrector.press(place(corrector.soft, i, j, k), 2.0, 1.0, raising=True)
    corrector.lift()
    corrector.take()


def test_it_says_in_turn_what_is_lacking(scene, soft, runner, tmp_path):
    corrector = Corrector(scene, "spinal cord")
    saver = Saver(corrector, runner)
    assert saver.why_not() == "Choose the folder of the dataset."
    saver.dataset = tmp_path / "data"
    assert saver.why_not() == "Segment the image first."
    corrector.use(soft)
    assert saver.why_not() == "Make a segment first."
    corrector.begin(0.5)
    assert saver.why_not() == "Say your name first."
    saver.author = "A. Reader"
    runner.busy = True
    assert saver.why_not() == "Wait until the work under way is done."
    runner.busy = False
    assert saver.why_not() == ""
    saver.author = " "
    saver.save()
    assert runner.jobs == []


def test_what_is_saved_lies_on_the_grid_of_the_file_where_it_was_drawn(saver, corrector, runner, awkward_image):
    dab(corrector, 3, 15, 8)
    told = []
    corrector.state.append(lambda: told.append((corrector.unsaved, saver.case)))
    saver.save()
    assert runner.said.startswith("Saved sub-01_T2w as revision 1: ")
    assert runner.heavy is False
    assert told == [(False, ("sub-01_T2w", 1))]
    assert saver.case == ("sub-01_T2w", 1)
    loaded = CorrectionDataset.open(saver.dataset).load("sub-01_T2w")
    assert same_grid(loaded.soft, awkward_image)
    assert (loaded.record.author, loaded.record.note) == ("A. Reader", "first try")
    right, anterior, superior = place(corrector.soft, 3, 15, 8)
    index = awkward_image.TransformPhysicalPointToIndex((-right, -anterior, superior))
    assert loaded.soft[index] == pytest.approx(1, abs=1e-4)
    predicted = sitk.GetArrayFromImage(tube(awkward_image))
    changed = np.argwhere(sitk.GetArrayFromImage(loaded.soft) != predicted)[:, ::-1]
    points = np.array([awkward_image.TransformIndexToPhysicalPoint(p.tolist()) for p in changed])
    assert np.abs(points - [-right, -anterior, superior]).max() < 6


def test_a_mask_that_looks_wrong_is_asked_about_before_it_is_saved(saver, corrector, runner):
    assert saver.question() == ""
    # What Slicer's segment editor does when it inverts a segment.
    soft = corrector.soft
    slicer.util.updateVolumeFromArray(soft, 1 - voxels(soft))
    assert "it covers" in saver.question()
    saver.save()
    assert "looks wrong" in runner.refused
    saver.save(force=True)
    assert runner.said.startswith("Saved sub-01_T2w as revision 1: ")


def test_what_was_done_while_it_was_saved_is_not_saved(saver, corrector, runner):
    dab(corrector, 3, 15, 8)
    runner.meanwhile = lambda: dab(corrector, 20, 3, 4)
    saver.save()
    assert "revision 1" in runner.said
    assert corrector.unsaved
    runner.meanwhile = lambda: None
    saver.save()
    assert "revision 2" in runner.said
    assert not corrector.unsaved


def test_the_time_of_a_revision_is_not_counted_again_in_the_next(saver, corrector, runner, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(corrector.clock, "_now", lambda: now[0])
    corrector.clock._last = 0.0
    for _ in range(2):
        now[0] += 40
        dab(corrector, 3, 15, 8)
        corrector.undo()
        saver.save()
    assert [job.seconds for job in runner.jobs] == [40, 40]


def test_a_map_whose_image_was_removed_is_not_stored_as_the_image(saver, corrector, runner, scene, source):
    scene.RemoveNode(source)
    assert saver.why_not() == "The image that T2w soft cord was made of is not in the scene any more."
    saver.save()
    assert not saver.dataset.exists()


def test_a_soft_map_is_no_image_to_segment(scene, source, soft, tmp_path):
    assert is_input(source)
    assert not is_input(soft)
    of_map = load_soft_map(scene, tmp_path / "soft.nii.gz", "map of a map", soft)
    corrector = Corrector(scene, "spinal cord")
    corrector.use(of_map)
    corrector.begin(0.5)
    saver = Saver(corrector, None)
    assert why_not(saver, tmp_path) == "T2w soft cord, which map of a map was made of, is a soft map and no image."


def why_not(saver, tmp_path):
    """What it says where nothing else is lacking."""

    class Idle:
        busy = False

    saver._runner, saver.dataset, saver.author = Idle(), tmp_path / "data", "A. Reader"
    return saver.why_not()


def shift(scene, millimetres):
    matrix = np.eye(4)
    matrix[:3, 3] = millimetres
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(as_vtk(matrix))
    return transform


def test_an_image_that_was_moved_since_is_not_stored_with_the_map(saver, scene, source, soft):
    transform = shift(scene, (20, 0, 0))
    source.SetAndObserveTransformNodeID(transform.GetID())
    assert "not shown at the same place" in saver.why_not()
    soft.SetAndObserveTransformNodeID(transform.GetID())
    assert saver.why_not() == ""
    source.HardenTransform()
    soft.SetAndObserveTransformNodeID(None)
    assert "do not have the same voxels" in saver.why_not()


def test_an_image_of_other_voxels_over_the_same_box_does_not_belong_to_the_map(saver, scene, soft, awkward_image):
    from crosscontrast.scene.results import SOURCE_ROLE

    size, spacing = awkward_image.GetSize(), awkward_image.GetSpacing()
    finer = sitk.Image([2 * n - 1 for n in size], sitk.sitkFloat32)
    finer.SetSpacing([s / 2 for s in spacing])
    finer.SetOrigin(awkward_image.GetOrigin())
    finer.SetDirection(awkward_image.GetDirection())
    soft.SetNodeReferenceID(SOURCE_ROLE, add_volume(scene, finer, "finer").GetID())
    assert "do not have the same voxels" in saver.why_not()


@pytest.fixture
def played(scene, awkward_image):
    """A sequence of two images of which the first is shown; returns the volume that shows them, and the browser."""
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "echoes")
    for value, brighter in (("7", 0.0), ("14", 1000.0)):
        volume = add_volume(scene, awkward_image + brighter, "echo")
        sequence.SetDataNodeAtValue(volume, value)
        scene.RemoveNode(volume)
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    shown = add_volume(scene, awkward_image, "echoes shown")
    browser.AddProxyNode(shown, sequence, False)
    browser.SetSelectedItemNumber(0)
    return sequence, shown, browser


@pytest.mark.parametrize("item", [0, 1])
def test_the_correction_of_an_item_of_a_sequence_is_saved_with_that_item(
    scene, played, runner, awkward_image, tmp_path, item
):
    sequence, shown, browser = played
    given = write_inputs([sequence], tmp_path)[item]
    assert given.node_id == shown.GetID()
    sitk.WriteImage(tube(awkward_image), str(tmp_path / "soft.nii.gz"))
    soft = load_soft_map(scene, tmp_path / "soft.nii.gz", given.name, shown)
    remember_item(soft, scene.GetNodeByID(given.sequence_id), given.item)
    corrector = Corrector(scene, "spinal cord")
    corrector.use(soft)
    corrector.begin(0.5)
    saver = Saver(corrector, runner)
    saver.dataset, saver.author = tmp_path / "data", "A. Reader"
    browser.SetSelectedItemNumber(1 - item)
    other = sequence.GetNthIndexValue(1 - item)
    assert saver.why_not() == f"echoes shown shows {other}, and {given.name} belongs to {given.item}: go to that one."
    saver.save()
    assert not saver.dataset.exists()
    browser.SetSelectedItemNumber(item)
    saver.save()
    assert "Saved" in runner.said
    case = CorrectionDataset.open(saver.dataset).case(saver.case[0])
    stored = sitk.GetArrayFromImage(sitk.ReadImage(str(case.image)))
    assert stored.mean() == pytest.approx(voxels(sequence.GetNthDataNode(item)).mean(), rel=1e-4)


def test_a_volume_in_which_a_sequence_is_played_knows_which_item_it_shows(played, tmp_path):
    sequence, shown, browser = played
    browser.SetSelectedItemNumber(1)
    (given,) = write_inputs([shown], tmp_path)
    assert (given.sequence_id, given.item) == (sequence.GetID(), "14")
