"""Renders the extension's screenshot: a segmented phantom as Slicer's slice views show it. Needs slicer-core."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from matplotlib.image import imsave
from vtk.util.numpy_support import vtk_to_numpy

from crosscontrast.cord.jobs import SegmentCord
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.ground.images import write_image
from crosscontrast.progress import silent
from crosscontrast.scene.soft_map import show_soft_map
from crosscontrast.scene.volumes import read_volume

TARGET = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots" / "SoftCordSeg.png"
SIDE = 400


def load(scene: Any, folder: Path) -> tuple[Any, Any]:
    """Segment a phantom and load it with its soft map."""
    path = folder / "phantom_T2w.nii.gz"
    write_image(CordPhantom().image("T2w"), path)
    result = SegmentCord(image=path, out=folder).run(silent)
    return read_volume(scene, path, "T2w"), read_volume(scene, result.softseg, "soft cord")


def slice_pixels(scene: Any, application: Any, orientation: str) -> np.ndarray:
    """Return (SIDE, SIDE, 3), uint8: the slice through the middle as a slice view blends it."""
    view = slicer.vtkMRMLSliceLogic()
    view.SetMRMLApplicationLogic(application)
    view.SetMRMLScene(scene)
    view.AddSliceNode(orientation).SetOrientation(orientation)
    image, soft = (scene.GetFirstNodeByName(name).GetID() for name in ("T2w", "soft cord"))
    view.GetSliceCompositeNode().SetBackgroundVolumeID(image)
    view.GetSliceCompositeNode().SetForegroundVolumeID(soft)
    view.GetSliceCompositeNode().SetForegroundOpacity(0.7)
    view.ResizeSliceNode(SIDE, SIDE)
    view.FitSliceToAll(SIDE, SIDE)
    producer = view.GetImageDataConnection().GetProducer()
    producer.Update()
    pixels = vtk_to_numpy(producer.GetOutputDataObject(0).GetPointData().GetScalars())
    return pixels.reshape(SIDE, SIDE, -1)[::-1, :, :3]


def main() -> None:
    """Write the picture."""
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.GetColorLogic().SetMRMLScene(scene)
    application.GetColorLogic().AddDefaultColorNodes()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    with tempfile.TemporaryDirectory() as folder:
        image, soft = load(scene, Path(folder))
    image.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    show_soft_map(scene, soft, image, 0.2, 0.7)
    views = [slice_pixels(scene, application, orientation) for orientation in ("Axial", "Sagittal", "Coronal")]
    TARGET.parent.mkdir(exist_ok=True)
    imsave(TARGET, np.ascontiguousarray(np.hstack(views)))


if __name__ == "__main__":
    main()
