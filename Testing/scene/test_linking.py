"""Views that move together, on a real scene: the same place in mm, whatever the grids and sizes are."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="needs the wheel slicer-core")

import slicer

from crosscontrast.scene.linking import LinkedSlices


@pytest.fixture
def nodes():
    scene = slicer.vtkMRMLScene()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    made = []
    for name, size in (("One", (200, 100)), ("Two", (100, 50)), ("Three", (200, 300))):
        node = scene.AddNode(_slice_node(name))
        node.SetDimensions(*size, 1)
        node.SetFieldOfView(*size, 1)
        node.SetOrientationToAxial()
        made.append(node)
    return made, scene


def _slice_node(name):
    node = slicer.vtkMRMLSliceNode()
    node.SetLayoutName(name)
    node.SetSingletonTag(name)
    return node


def at_middle(node):
    """The point (RAS, mm) in the middle of a view, and mm per pixel."""
    columns, rows, _ = node.GetDimensions()
    matrix = node.GetXYToRAS()
    middle = matrix.MultiplyPoint((columns / 2, rows / 2, 0, 1))[:3]
    beside = matrix.MultiplyPoint((columns / 2 + 1, rows / 2, 0, 1))[:3]
    return np.array(middle), float(np.linalg.norm(np.subtract(middle, beside)))


def all_alike(nodes):
    middle, scale = at_middle(nodes[0])
    for node in nodes[1:]:
        np.testing.assert_allclose(at_middle(node)[0], middle, atol=1e-6)
        assert at_middle(node)[1] == pytest.approx(scale)


def test_plane_zoom_and_pan_of_any_view_are_those_of_all(nodes):
    views, _ = nodes
    LinkedSlices(views)
    views[1].SetSliceOffset(12.5)
    all_alike(views)
    assert at_middle(views[0])[0][2] == 12.5
    views[2].SetXYZOrigin(7, -4, 0)
    all_alike(views)
    views[0].SetFieldOfView(50, 25, 1)
    all_alike(views)
    assert at_middle(views[2])[1] == pytest.approx(0.25)
    views[1].SetOrientationToSagittal()
    all_alike(views)
    # An oblique plane as well
    matrix = views[0].GetSliceToRAS()
    matrix.SetElement(0, 3, 3.0)
    matrix.SetElement(0, 0, np.cos(0.3))
    matrix.SetElement(2, 0, np.sin(0.3))
    views[0].UpdateMatrices()
    all_alike(views)


def test_views_stay_alike_when_their_sizes_change(nodes):
    views, scene = nodes
    LinkedSlices(views)
    logic = slicer.vtkMRMLSliceLogic()  # what changes the size of views, in Slicer as in a browser
    logic.SetMRMLScene(scene)
    for view, size in zip(views, ((400, 250), (80, 90), (300, 200)), strict=True):
        logic.SetSliceNode(view)
        logic.ResizeSliceNode(*size)
        views[0].SetFieldOfView(60, 30, 1)
        all_alike(views)


def test_released_views_go_their_own_way(nodes):
    views, _ = nodes
    LinkedSlices(views).release()
    views[1].SetSliceOffset(30)
    assert at_middle(views[0])[0][2] != 30
