"""The desk without a front end: a real scene, a case of files in it, and a runner that runs jobs in place."""

import numpy as np
import pytest
import SimpleITK as sitk
from support import new_scene

from crosscontrast.errors import CrossContrastError
from crosscontrast.ground.images import image_like
from crosscontrast.progress import silent


class InPlace:
    """Fulfils ``Runner``: runs the job before ``start`` returns, and keeps what a user would read."""

    def __init__(self, folder):
        self.folder, self.busy, self.heavy = folder, False, None
        self.said, self.refused, self.jobs = "", "", []
        self.meanwhile = lambda: None

    def start(self, make, take, *, heavy=True):
        self.busy, self.heavy, self.said, self.refused = True, heavy, "", ""
        folder = self.folder / f"job-{len(self.jobs)}"
        folder.mkdir()
        try:
            job = make(folder)
            self.jobs.append(job)
            result = job.run(silent)
            self.meanwhile()
            self.busy = False
            self.said = " ".join([take(result), *result.warnings])
        except CrossContrastError as error:
            self.refused = error.message
        self.busy = False


@pytest.fixture
def scene():
    with new_scene() as made:
        yield made


@pytest.fixture
def runner(tmp_path):
    return InPlace(tmp_path)


def tube(image, scale=1.0):
    """A soft tube along the third axis, off centre and leaning, on the grid of ``image``."""
    k, j, i = np.indices(image.GetSize()[::-1])
    x, y, _ = image.GetSpacing()
    distance = np.hypot((i - 0.35 * i.max() - 0.2 * k) * x, (j - 0.6 * j.max()) * y)
    return image_like((scale * np.clip(1 - (distance - 4) / 2, 0, 1)).astype(np.float32), image)


@pytest.fixture
def source(scene, awkward_image, tmp_path):
    """The awkward image, loaded from its file."""
    from crosscontrast.scene.results import load_image

    sitk.WriteImage(awkward_image, str(tmp_path / "sub-01_T2w.nii.gz"))
    return load_image(scene, tmp_path / "sub-01_T2w.nii.gz")


@pytest.fixture
def soft(scene, source, awkward_image, tmp_path):
    """A soft map of it, as after a run."""
    from crosscontrast.scene.results import load_soft_map

    sitk.WriteImage(tube(awkward_image), str(tmp_path / "soft.nii.gz"))
    return load_soft_map(scene, tmp_path / "soft.nii.gz", "T2w soft cord", source)


@pytest.fixture
def corrector(scene, soft):
    """The map at hand, with its segment."""
    from crosscontrast.desk.correct import Corrector

    made = Corrector(scene, "spinal cord")
    made.use(soft)
    made.begin(0.5)
    return made


def place(node, i, j, k):
    """Where a voxel of a node lies in the world (RAS, mm)."""
    from crosscontrast.scene.images import ijk_to_ras

    return tuple((ijk_to_ras(node) @ [i, j, k, 1])[:3])
