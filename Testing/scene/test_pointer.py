# ruff: noqa: E402 - the imports need slicer, which may be absent
"""Mouse events of a slice view, sent through a real VTK interactor."""

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")
import vtk

from crosscontrast.scene.pointer import SlicePointer


@pytest.fixture
def view(scene):
    """A slice node of 100 x 100 pixels of 2 mm, its interactor, and what reaches the view's own style."""
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    node = scene.AddNewNodeByClass("vtkMRMLSliceNode", "Red")
    node.SetOrientation("Axial")
    node.SetDimensions(100, 100, 1)
    node.SetFieldOfView(200, 200, 1)
    interactor, reached = vtk.vtkGenericRenderWindowInteractor(), []
    for event in ("LeftButtonPressEvent", "MouseMoveEvent", "LeftButtonReleaseEvent", "RightButtonPressEvent"):
        interactor.AddObserver(event, lambda caller, name: reached.append(name))
    return node, interactor, reached


def test_a_drag_is_followed_in_space_and_reaches_nobody_else(view):
    node, interactor, reached = view
    seen = []
    pointer = SlicePointer(
        interactor,
        node,
        lambda point, shift: seen.append(("press", point, shift)),
        lambda point: seen.append(("move", point)),
        lambda: seen.append(("release",)),
    )
    interactor.SetEventInformation(50, 50, 0, 1)
    interactor.InvokeEvent("MouseMoveEvent")
    interactor.InvokeEvent("LeftButtonPressEvent")
    interactor.SetEventInformation(60, 50, 0, 0)
    interactor.InvokeEvent("MouseMoveEvent")
    interactor.InvokeEvent("LeftButtonReleaseEvent")
    interactor.InvokeEvent("RightButtonPressEvent")
    assert [step[0] for step in seen] == ["press", "move", "release"]
    (_, start, shift), (_, end), _ = seen
    assert shift
    # an axial view has the patient's left on its right: 10 pixels of 2 mm to the right lower R by 20
    assert (end[0] - start[0], end[1] - start[1], end[2] - start[2]) == pytest.approx((-20, 0, 0), abs=1e-6)
    assert reached == ["MouseMoveEvent", "RightButtonPressEvent"]
    pointer.release()
    interactor.InvokeEvent("LeftButtonPressEvent")
    assert len(seen) == 3
    assert reached[-1] == "LeftButtonPressEvent"


def test_letting_go_in_mid_stroke_ends_the_stroke(view):
    node, interactor, _ = view
    ended = []
    pointer = SlicePointer(interactor, node, lambda *_: None, lambda _: None, lambda: ended.append(1))
    interactor.InvokeEvent("LeftButtonPressEvent")
    pointer.release()
    pointer.release()
    assert ended == [1]
