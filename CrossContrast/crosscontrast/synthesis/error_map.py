"""Where a translation differs from the real image that it stands for."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import SimpleITK as sitk
from pydantic import BaseModel

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem, make_folder
from crosscontrast.ground.images import clean_intensities, image_like, read_image, write_image
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress

#: Of fewer voxels that the images have in common nothing is said.
_FEWEST = 1000


class ErrorFigures(BaseModel):
    """Mean absolute errors in the target's unit, over ``voxels``: of the translation, of the best line through the

    ``source``, which learnt nothing (``None`` without a source), and of the target's ``mean``.
    """

    translation: float
    source: float | None
    mean: float
    voxels: int

    def sentence(self) -> str:
        """Say them."""
        lines = [] if self.source is None else [f"{self.source:.3g} for the best line through the input"]
        against = ", ".join([*lines, f"{self.mean:.3g} for one grey everywhere"])
        return f"Mean absolute error {self.translation:.3g} in the real image's unit ({against})."


def error_map(
    translation: sitk.Image, target: sitk.Image, source: sitk.Image | None = None
) -> tuple[sitk.Image, ErrorFigures]:
    """Return how far the translation is from ``target``, as float32 on its grid in the target's unit, with figures.

    The unit of a translation is the model's and no scanner's, so the line of least squares first takes it to the
    target's. Where one of the images does not reach, and where the target has its lowest value (padding), the map is 0.
    Raises :class:`BadInputError` where they have no place in common.
    """
    others = [target] if source is None else [target, source]
    real, *given = (_on(image, translation) for image in others)
    inside = np.logical_and.reduce([_reach(image, translation) for image in others])
    inside &= real > sitk.GetArrayViewFromImage(target).min()
    if inside.sum() < _FEWEST:
        raise BadInputError("The translation and the real image have too few places in common to be compared.")
    values, answer = real[inside], sitk.GetArrayFromImage(translation)[inside]
    difference = np.abs(_line(answer, values) - values)
    painted = np.zeros(real.shape, np.float32)
    painted[inside] = difference
    figures = ErrorFigures(
        translation=float(difference.mean()),
        source=float(np.abs(_line(given[0][inside], values) - values).mean()) if given else None,
        mean=float(np.abs(values - values.mean()).mean()),
        voxels=int(inside.sum()),
    )
    return image_like(painted, translation), figures


class MapErrorResult(JobResult):
    """The map, and the figures."""

    map: Path
    figures: ErrorFigures


class MapError(Job):
    """Write ``<stem of translation>_error.nii.gz`` to the folder ``out``; see :func:`error_map`."""

    kind: ClassVar[str] = "synth.error-map"

    translation: Path
    target: Path
    source: Path | None = None
    out: Path

    def run(self, progress: Progress) -> MapErrorResult:
        """Read, compare and write."""
        progress(0, 1, "comparing with the real image")
        paths = [self.translation, self.target, *([self.source] if self.source else [])]
        images = [clean_intensities(read_image(path), path.name) for path in paths]
        made, figures = error_map(*images)
        place = make_folder(self.out) / f"{image_stem(self.translation)}_error.nii.gz"
        write_image(made, place, like=self.translation)
        progress(1, 1, "done")
        return MapErrorResult(map=place, figures=figures)


def _on(image: sitk.Image, grid: sitk.Image) -> np.ndarray:
    moved = sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)
    return np.asarray(sitk.GetArrayFromImage(moved))


def _reach(image: sitk.Image, grid: sitk.Image) -> np.ndarray:
    """Return the voxels of ``grid`` whose centre lies in ``image``."""
    whole = image_like(np.ones(image.GetSize()[::-1], np.uint8), image)
    reached = sitk.Resample(whole, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0.0, sitk.sitkUInt8)
    return np.asarray(sitk.GetArrayFromImage(reached)) > 0


def _line(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``x`` on the line of least squares to ``y``; the mean of ``y`` where all of ``x`` is the same."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    spread = x.var()
    slope = ((x - x.mean()) * (y - y.mean())).mean() / spread if spread else 0.0
    return np.asarray(y.mean() + slope * (x - x.mean()))
