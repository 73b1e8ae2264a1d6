"""Scenes on the ``slicer-core`` wheel, and slice views as pixels."""

import numpy as np
import pytest


@pytest.fixture
def scene():
    """A scene that knows segmentations and colour legends, as Slicer's does."""
    slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")
    made = slicer.vtkMRMLScene()
    application = slicer.vtkMRMLApplicationLogic()
    logics = [slicer.vtkSlicerSegmentationsModuleLogic(), slicer.vtkSlicerColorLogic()]
    for logic in logics:
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(made)  # registers the classes of nodes
    yield made
    for logic in logics:
        logic.SetMRMLScene(None)


@pytest.fixture
def slice_view(scene):
    """A slice view's pipeline without a window: returns what it shows as RGB (row from below, column), 200 x 200."""
    import slicer
    from vtk.util.numpy_support import vtk_to_numpy

    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetMRMLScene(scene)
    logic.GetColorLogic().SetMRMLScene(scene)
    logic.GetColorLogic().AddDefaultColorNodes()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    view = slicer.vtkMRMLSliceLogic()
    view.SetMRMLApplicationLogic(logic)
    view.SetMRMLScene(scene)
    view.AddSliceNode("Red").SetOrientation("Axial")
    view.ResizeSliceNode(200, 200)

    def shown():
        view.FitSliceToAll(200, 200)
        producer = view.GetImageDataConnection().GetProducer()
        producer.Update()
        pixels = producer.GetOutputDataObject(0).GetPointData().GetScalars()
        return vtk_to_numpy(pixels).reshape(200, 200, -1)[..., :3].astype(int)

    shown.logic = view
    yield shown
    for listener in (view, logic.GetColorLogic(), logic):  # they refer to each other without keeping each other alive
        listener.SetMRMLScene(None)


@pytest.fixture
def lively():
    """Colourful pixels of a picture, as a mask: a grey image has none."""
    return lambda pixels: np.ptp(pixels, axis=2) > 20
