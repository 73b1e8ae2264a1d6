# ruff: noqa: E402 - the imports need slicer, which may be absent
"""Marks in the scene, and where results lie in the tree of patients."""

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from crosscontrast.scene.cord.marks import ENDS, HERE, Placing, clear_marks, make_marks, points_of
from crosscontrast.scene.hierarchy import put_beside, same_patient
from crosscontrast.scene.images import add_volume


@pytest.fixture
def volume(scene, awkward_image):
    return add_volume(scene, awkward_image, "sub-07_T2w")


def test_marks_are_the_volumes_own_and_are_given_without_its_transform(scene, volume):
    motion = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = motion.GetMatrixTransformToParent()
    matrix.SetElement(0, 3, 30)
    matrix.SetElement(2, 3, -7)
    motion.SetMatrixTransformToParent(matrix)
    volume.SetAndObserveTransformNodeID(motion.GetID())
    node = make_marks(volume, HERE, "cord is here")
    assert make_marks(volume, HERE, "again") is node
    node.AddControlPointWorld([31.0, 2.0, 3.0])
    assert points_of(volume, HERE)[0] == pytest.approx((1, 2, 10))
    assert points_of(volume, ENDS) == ()
    clear_marks(volume, HERE, ENDS)
    assert points_of(volume, HERE) == ()
    assert node.GetScene() is None


def test_the_next_click_is_waited_for_and_given_up(scene, volume):
    for node in (slicer.vtkMRMLSelectionNode(), slicer.vtkMRMLInteractionNode()):
        node.SetSingletonTag("Singleton")
        scene.AddNode(node)
    told = []
    placing, node = Placing(scene, lambda: told.append(placing.node)), make_marks(volume, HERE, "cord is here")
    placing.begin(node)
    assert placing.node is node
    assert scene.GetFirstNodeByClass("vtkMRMLSelectionNode").GetActivePlaceNodeID() == node.GetID()
    placing.end()
    assert placing.node is None
    assert told == [node, None]
    placing.close()


def test_results_lie_in_the_folder_of_their_patient(scene, volume):
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    patient = tree.CreateSubjectItem(tree.GetSceneItemID(), "A")
    study = tree.CreateStudyItem(patient, "MR")
    tree.CreateItem(study, volume)
    other = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "sub-08_T2w")
    put_beside(other, volume)
    assert tree.GetItemParent(tree.GetItemByDataNode(other)) == study
    assert same_patient(other, volume) is True
    stranger = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "sub-08_T1w")
    assert same_patient(stranger, volume) is False, "by the names, where one is in no folder"
    unknown = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "T1w")
    put_beside(unknown, stranger)
    assert same_patient(unknown, volume) is None
