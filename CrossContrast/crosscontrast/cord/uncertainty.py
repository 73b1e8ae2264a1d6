"""How sure a segmentation is: how much it differs between versions of the image that show the same cord."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.csa.table import CsaTable
from crosscontrast.cord.ends import cut_at, stops
from crosscontrast.cord.postprocess import keep_cord
from crosscontrast.errors import ModelError
from crosscontrast.ground.geometry import Point, continuous_index, reorient
from crosscontrast.ground.images import image_like
from crosscontrast.inference import Predictor
from crosscontrast.inference.engine import GridPredictor
from crosscontrast.progress import Progress, part, silent

#: (mirrored, exponent of the intensities) of the versions beside the image itself. Test-time augmentation rather than
#: dropout: it works with the networks of anyone.
VERSIONS: tuple[tuple[bool, float], ...] = ((True, 1.0), (False, 0.75), (False, 1.33), (True, 0.75), (True, 1.33))

#: The intensity that an exponent leaves as it is; brighter voxels are few and would set the scale.
_SCALE_QUANTILE = 0.995
#: Voxels that any version calls cord with this value count for the mean.
_CORD = 0.1


@dataclass(frozen=True)
class Uncertainty:
    """``image``: the standard deviation of each voxel's soft value, float32 in [0, 0.5], on the image's grid.

    ``csa`` is the table of areas with ``area_uncertainty``, the standard deviation of each slice's ``area_true``.
    ``mean`` is the mean standard deviation where any version sees cord, its border included; 0 where none does.
    """

    image: sitk.Image
    csa: CsaTable
    mean: float


def measure_uncertainty(
    image: sitk.Image,
    soft: sitk.Image,
    csa: CsaTable,
    predictor: Predictor,
    output: str,
    *,
    threshold: float = 0.5,
    progress: Progress = silent,
    at: Sequence[Point] = (),
    ends: Sequence[Point] = (),
) -> Uncertainty:
    """Segment the :data:`VERSIONS` of ``image`` as well and return how they spread about each other.

    ``soft`` is the segmentation of the image itself, ``csa`` its table at ``threshold``. A version in which no cord is
    found counts as empty. ``at`` are the points that the segmentation started from, ``ends`` those where it stopped.
    """
    limits = stops(image, at, ends)
    maps, areas = [sitk.GetArrayFromImage(soft)], [csa.values("area_true")]
    for number, version in enumerate(_versions(image)):
        report = part(progress, number / len(VERSIONS), (number + 1) / len(VERSIONS))
        points, borders = ([version.moved(point) for point in group] for group in (at, limits))
        found = predict_cord(version.image, predictor, points, report, borders)
        again = cut_at(version.undo(keep_cord(found[output], shown=bool(at))[0]), at, ends)
        maps.append(sitk.GetArrayFromImage(again))
        areas.append(measure_csa(again, threshold=threshold).values("area_true"))
    spread = np.std(maps, axis=0, dtype=np.float64)
    seen = np.max(maps, axis=0) >= _CORD
    per_slice = np.std(np.nan_to_num(areas), axis=0)
    rows = tuple(
        replace(row, area_uncertainty=float(value)) if np.isfinite(row.area_true) else row
        for row, value in zip(csa.rows, per_slice, strict=True)
    )
    return Uncertainty(
        image_like(spread.astype(np.float32), soft),
        replace(csa, rows=rows),
        float(spread[seen].mean()) if seen.any() else 0.0,
    )


def predict_cord(
    image: sitk.Image, predictor: Predictor, at: Sequence[Point], progress: Progress, ends: Sequence[Point] = ()
) -> dict[str, sitk.Image]:
    """Return the predictor's maps, from the points ``at`` (mm, RAS) where there are any, and up to ``ends``.

    Raises :class:`ModelError` where the model cannot start at points.
    """
    if not at:
        return predictor.predict([image], progress)
    if not isinstance(predictor, GridPredictor):
        raise ModelError("This model follows no cord, so it cannot start at a point.")
    return predictor.predict([image], progress, at=at, ends=ends)


@dataclass(frozen=True)
class _Version:
    """An image that shows the same cord as ``original``, mirrored or not."""

    image: sitk.Image
    original: sitk.Image
    mirrored: bool

    def undo(self, soft: sitk.Image) -> sitk.Image:
        """Bring a map of the version back to the orientation of the original, un-mirrored."""
        letters = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(self.original.GetDirection())
        return reorient(_mirror(soft) if self.mirrored else soft, letters)

    def moved(self, point: Point) -> Point:
        """Return where a point of the original (mm, RAS) lies in the version."""
        if not self.mirrored:
            return point
        index = list(continuous_index(point, self.image))
        index[0] = self.image.GetSize()[0] - 1 - index[0]
        x, y, z = self.image.TransformContinuousIndexToPhysicalPoint(index)
        return -x, -y, z


def _versions(image: sitk.Image) -> Iterator[_Version]:
    """Yield each version, in RAS so that left and right are the last array axis."""
    oriented = reorient(image, "RAS")
    for mirrored, exponent in VERSIONS:
        version = _with_exponent(oriented, exponent)
        yield _Version(_mirror(version) if mirrored else version, image, mirrored)


def _mirror(image: sitk.Image) -> sitk.Image:
    """Swap the sides of an image in RAS within its own field of view."""
    return image_like(np.ascontiguousarray(sitk.GetArrayViewFromImage(image)[:, :, ::-1]), image)


def _with_exponent(image: sitk.Image, exponent: float) -> sitk.Image:
    """Raise the intensities above the lowest to a power, relative to the bright end of the image."""
    values = sitk.GetArrayFromImage(image)
    lowest = values.min()
    scale = np.quantile(values, _SCALE_QUANTILE) - lowest
    if exponent == 1 or not scale > 0:
        return image
    return image_like((lowest + scale * ((values - lowest) / scale) ** exponent).astype(np.float32), image)
