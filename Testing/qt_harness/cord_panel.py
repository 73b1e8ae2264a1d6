"""What tests of SoftCordSeg's panel share: a case of a left-handed file, the panel with it, and a hand on the mouse."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from support import oblique_direction

from crosscontrast.ground.images import image_like
from qt_harness.application import pump, start
from qt_harness.fixtures import _opened, _scene, table_of  # noqa: F401 - fixtures

slicer = start()

AXIS = (12.0, 14.0)


def cord_image(left_handed=True, size=(32, 28, 20)):
    """An oblique image of a bright tube that leans, off centre; anisotropic, left-handed by default."""
    image = sitk.GetImageFromArray(np.random.default_rng(4).normal(100, 10, size[::-1]).astype(np.float32))
    image.SetSpacing((0.8, 0.9, 2.5))
    image.SetOrigin((10.0, -30.0, 5.0))
    image.SetDirection(oblique_direction(left_handed))
    soft = cord_map(image)
    return image + 200 * soft


def cord_map(image):
    k, j, i = np.indices(image.GetSize()[::-1])
    distance = np.hypot((i - AXIS[0] - 0.2 * k) * 0.8, (j - AXIS[1]) * 0.9)
    return image_like(np.clip(1 - (distance - 4) / 2, 0, 1).astype(np.float32), image)


@pytest.fixture(name="case")
def _case(scene, tmp_path):
    """An image from a left-handed file and a soft map of it, as after a run."""
    from crosscontrast.scene.results import load_image, load_soft_map

    image = cord_image()
    sitk.WriteImage(image, str(tmp_path / "sub-01_T2w.nii.gz"))
    sitk.WriteImage(cord_map(image), str(tmp_path / "soft.nii.gz"))
    source = load_image(scene, tmp_path / "sub-01_T2w.nii.gz")
    return source, load_soft_map(scene, tmp_path / "soft.nii.gz", "T2w soft cord", source)


@pytest.fixture(name="panel")
def _panel(opened, case):
    """The panel with that map chosen."""
    made = opened("SoftCordSeg")
    made.ui.inputSelector.setCurrentNode(case[0])
    made.ui.softMapSelector.setCurrentNode(case[1])
    return made


@pytest.fixture(name="correcting")
def _correcting(panel):
    """The panel after Make segment."""
    panel.ui.makeSegmentButton.click()
    assert panel.widget.correcting.correction
    return panel


def settle(panel):
    """Wait until edits have arrived everywhere."""
    pump(lambda: False, 0.4)


def voxel_to_ras(node, i, j, k):
    from crosscontrast.scene.images import ijk_to_ras

    return (ijk_to_ras(node) @ [i, j, k, 1])[:3]


def drag(points, shift=False):
    """Drag the mouse over points (RAS) in the red view, which is turned to them."""
    view = slicer.app.layoutManager().sliceWidget("Red")
    node, interactor = view.mrmlSliceNode(), view.interactor()
    for number, point in enumerate(points):
        node.JumpSliceByCentering(*point)
        interactor.SetEventInformation(50, 50, 0, int(shift))
        interactor.InvokeEvent("MouseMoveEvent" if number else "LeftButtonPressEvent")
    interactor.InvokeEvent("LeftButtonReleaseEvent")


def areas(panel):
    return np.array([float(row[3]) for row in table_of(panel.ui.csaTable)])


def ready_to_save(panel, folder):
    panel.ui.datasetPathLineEdit.currentPath = str(folder)
    panel.ui.authorLineEdit.text = "A. Reader"
    panel.ui.authorLineEdit.editingFinished.emit()


def wait_for(panel):
    assert pump(lambda: not panel.widget.dataset.controls.busy, 60)
    return panel.ui.datasetStatusLabel.text


@pytest.fixture(name="dataset")
def _dataset(tmp_path):
    """A dataset of two images that wait, each with a prediction."""
    from crosscontrast.corrections.dataset import CorrectionDataset
    from crosscontrast.ground.images import write_image

    made = CorrectionDataset.create(tmp_path / "data")
    for subject in ("sub-01", "sub-02"):
        image = cord_image(left_handed=subject == "sub-01") + (0.0 if subject == "sub-01" else 1.0)
        sitk.WriteImage(image, str(tmp_path / f"{subject}_T2w.nii.gz"))
        case = made.add(tmp_path / f"{subject}_T2w.nii.gz")
        folder = made.layout.prediction(case.name)
        folder.mkdir(parents=True, exist_ok=True)
        write_image(cord_map(image), folder / f"{subject}_T2w_softseg.nii.gz")
    return made
