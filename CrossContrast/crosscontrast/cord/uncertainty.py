"""How sure a segmentation is: how much it differs between versions of the image that show the same cord."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.csa.table import CsaTable
from crosscontrast.cord.postprocess import keep_cord
from crosscontrast.ground.geometry import reorient
from crosscontrast.ground.images import image_like
from crosscontrast.inference import Predictor
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
) -> Uncertainty:
    """Segment the :data:`VERSIONS` of ``image`` as well and return how they spread about each other.

    ``soft`` is the segmentation of the image itself, ``csa`` its table at ``threshold``. A version in which no cord is
    found counts as empty.
    """
    maps, areas = [sitk.GetArrayFromImage(soft)], [csa.values("area_true")]
    for number, (version, undo) in enumerate(_versions(image)):
        report = part(progress, number / len(VERSIONS), (number + 1) / len(VERSIONS))
        again = undo(keep_cord(predictor.predict([version], report)[output])[0])
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


class _Undo:
    """Brings a map of a version back to the orientation of the image, un-mirrored."""

    def __init__(self, image: sitk.Image, mirrored: bool) -> None:
        self._letters = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(image.GetDirection())
        self._mirrored = mirrored

    def __call__(self, soft: sitk.Image) -> sitk.Image:
        return reorient(_mirror(soft) if self._mirrored else soft, self._letters)


def _versions(image: sitk.Image) -> Iterator[tuple[sitk.Image, _Undo]]:
    """Yield each version, in RAS so that left and right are the last array axis, and how to undo it."""
    oriented = reorient(image, "RAS")
    for mirrored, exponent in VERSIONS:
        version = _with_exponent(oriented, exponent)
        yield _mirror(version) if mirrored else version, _Undo(image, mirrored)


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
