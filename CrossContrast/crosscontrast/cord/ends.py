"""Slices of an image in which somebody says that the cord ends."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.geometry import Point, continuous_index, reorient
from crosscontrast.ground.images import image_like
from crosscontrast.inference.ends import range_between


def stops(image: sitk.Image, at: Sequence[Point], ends: Sequence[Point]) -> tuple[Point, ...]:
    """Return the outer borders (mm, RAS) of the slices in which a cord ends that goes through ``at``.

    There are none where it is not known through where it goes: then only :func:`cut_at` can tell what lies beyond.
    Raises :class:`BadInputError` where the points contradict each other.
    """
    if not (at and ends):
        return ()
    oriented = reorient(image, "RAS")
    count = oriented.GetSize()[2]
    low, high = range_between(_slices(ends, oriented), _slices(at, oriented), np.zeros(count))
    borders = ([low - 0.5] if low > 0 else []) + ([high + 0.5] if high < count - 1 else [])
    places = (oriented.TransformContinuousIndexToPhysicalPoint((0.0, 0.0, border)) for border in borders)
    return tuple((-x, -y, z) for x, y, z in places)


def cut_at(soft: sitk.Image, at: Sequence[Point], ends: Sequence[Point]) -> sitk.Image:
    """Return a soft cord that is 0 beyond the slices of ``ends`` (mm, RAS), on the side where it goes through ``at``.

    Without such points, what lies beyond an end is where less of the cord is.
    """
    if not ends:
        return soft
    oriented = reorient(soft, "RAS")
    values = sitk.GetArrayFromImage(oriented)
    low, high = range_between(_slices(ends, oriented), _slices(at, oriented), values.sum((1, 2), dtype=float))
    values[:low] = values[high + 1 :] = 0
    letters = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(soft.GetDirection())
    return image_like(sitk.GetArrayFromImage(reorient(image_like(values, oriented), letters)), soft)


def _slices(points: Sequence[Point], oriented: sitk.Image) -> list[float]:
    return [continuous_index(point, oriented)[2] for point in points]
