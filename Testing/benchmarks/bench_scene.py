"""How quickly the scene follows a hand, and what a warm worker saves: ``python bench_scene.py``. Needs slicer-core.

Times are processor time, so that a busy machine does not change them: median and slowest of several steps, on a volume
of 320 x 320 x 256 voxels and a slice view of 600 x 600 pixels, blended by MRML's own pipeline (without the transfer to
a window). The last lines run the job ``cord.segment`` on a small phantom three times in one worker process, by wall
clock.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer

from crosscontrast.cord.csa.live import LiveCsa
from crosscontrast.cord.jobs import SegmentCord
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.ground.images import write_image
from crosscontrast.jobs.client import WorkerClient
from crosscontrast.scene.correction import Correction
from crosscontrast.scene.images import add_volume, ijk_to_ras, image_of, voxels
from crosscontrast.scene.segments import segment_voxels, set_segment
from crosscontrast.scene.soft_map import set_opacity, set_threshold, show_soft_map

REPEATS, SIDE = 15, 600


def main() -> None:
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.GetColorLogic().SetMRMLScene(scene)
    application.GetColorLogic().AddDefaultColorNodes()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    segmentations = slicer.vtkSlicerSegmentationsModuleLogic()
    segmentations.SetMRMLScene(scene)
    view = slicer.vtkMRMLSliceLogic()
    view.SetMRMLApplicationLogic(application)
    view.SetMRMLScene(scene)
    view.AddSliceNode("Red").SetOrientation("Axial")
    view.ResizeSliceNode(SIDE, SIDE)

    def picture() -> None:
        producer = view.GetImageDataConnection().GetProducer()
        producer.Update()
        assert producer.GetOutputDataObject(0).GetNumberOfPoints() == SIDE**2

    image, soft = volumes(scene)
    show_soft_map(scene, soft, image, 0.5, 0.6)
    view.FitSliceToAll(SIDE, SIDE)
    picture()

    def threshold(step: int) -> None:
        set_threshold(soft, 0.2 + 0.02 * step)
        picture()

    def opacity(step: int) -> None:
        set_opacity(scene, soft, 0.2 + 0.02 * step)
        picture()

    tell("threshold slider to new slice picture", threshold)
    tell("opacity slider to new slice picture", opacity)
    bench_correction(scene, soft, picture)
    bench_worker()
    for listener in (view, application.GetColorLogic(), segmentations, application):
        listener.SetMRMLScene(None)


def volumes(scene: Any) -> tuple[Any, Any]:
    """An image of noise and a leaning soft tube."""
    shape = (256, 320, 320)
    k, j, i = np.indices(shape, dtype=np.float32)
    tube = np.clip(1 - (np.hypot(i - 130 - 0.1 * k, j - 160) - 12) / 3, 0, 1).astype(np.float32)
    noise = np.random.default_rng(0).normal(100, 20, shape).astype(np.float32)
    nodes = []
    for name, values in (("image", noise), ("soft", tube)):
        picture = sitk.GetImageFromArray(values)
        picture.SetSpacing((0.5, 0.5, 0.8))
        nodes.append(add_volume(scene, picture, name))
    return nodes[0], nodes[1]


def bench_correction(scene: Any, soft: Any, picture: Callable[[], None]) -> None:
    correction = Correction(scene, soft, 0.5, "cord")
    live = LiveCsa(image_of(soft))
    place = ijk_to_ras(soft)
    correction.start_stroke(4.0, 0.8, True)

    def brush(step: int) -> None:
        box = correction.stroke_to(tuple((place @ [150 + step, 172, 128, 1])[:3]))
        assert box
        live.change(box, voxels(soft)[box])
        picture()

    tell("a step of the soft brush (4 mm) to new slice picture", brush)
    tell("areas along the cord after a step", lambda _step: live.curve())
    correction.end_stroke()
    inside = segment_voxels(correction.segmentation, soft)

    def merge(step: int) -> None:
        changed = inside.copy()
        changed[100 + step, 150:160, 150:165] = True
        set_segment(correction.segmentation, soft, changed)
        assert correction.take_segment()

    tell("an edit of the segment merged softly", merge, 5)


def bench_worker() -> None:
    with tempfile.TemporaryDirectory() as folder, WorkerClient() as client:
        path = Path(folder) / "phantom_T2w.nii.gz"
        write_image(CordPhantom(size=(64, 64, 48)).image("T2w"), path)
        for number in range(3):
            start = time.perf_counter()
            client.submit(SegmentCord(image=path, out=Path(folder) / str(number), device="cpu")).wait()
            print(f"run {number + 1} of a worker: {time.perf_counter() - start:.2f} s")


def tell(what: str, work: Callable[[int], object], repeats: int = REPEATS) -> None:
    work(0)
    times = []
    for step in range(1, repeats + 1):
        start = time.process_time()
        work(step)
        times.append(1e3 * (time.process_time() - start))
    print(f"{what}: {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms", flush=True)


if __name__ == "__main__":
    main()
