"""What tests of all suites import."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[1]
#: For a test to which it is all the same where the voxels of ``awkward_image`` lie.
one_hand = pytest.mark.parametrize("awkward_image", [True], ids=["left-handed"], indirect=True)


def oblique_direction(left_handed: bool) -> tuple[float, ...]:
    """A rotation about all three axes, mirrored in its first axis if ``left_handed`` (determinant -1)."""
    a, b, c = np.deg2rad([12, -20, 33])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    direction = z @ y @ x
    if left_handed:
        direction[:, 0] *= -1
    return tuple(direction.ravel())


def centre_of_mass(image: sitk.Image) -> np.ndarray:
    """Centre of the values in physical mm (LPS), which tells a moved or mirrored image where Dice does not."""
    values = sitk.GetArrayFromImage(image).astype(float)
    indices = np.indices(values.shape).reshape(3, -1) @ values.ravel() / values.sum()
    return np.array(image.TransformContinuousIndexToPhysicalPoint(indices[::-1].tolist()))


@contextmanager
def new_scene():
    """A scene that knows segmentations, sequences and colour legends, as Slicer's does, without Slicer."""
    slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")
    made = slicer.vtkMRMLScene()
    application = slicer.vtkMRMLApplicationLogic()
    logics = [
        slicer.vtkSlicerSegmentationsModuleLogic(),
        slicer.vtkSlicerSequencesLogic(),
        slicer.vtkSlicerColorLogic(),
    ]
    for logic in logics:
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(made)  # registers the classes of nodes
    yield made
    for logic in logics:
        logic.SetMRMLScene(None)
