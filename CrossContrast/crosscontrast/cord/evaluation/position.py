"""Where a segmentation lies against a reference mask: the distance of their centrelines, and to which side."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.csa.shape import cord_object
from crosscontrast.cord.csa.volume import cord_volume
from crosscontrast.errors import BadInputError
from crosscontrast.ground.placement import put_onto


@dataclass(frozen=True)
class Position:
    """Displacement in the slices, over the slices of the reference; NaN where they cannot be measured.

    ``centre_distance_mm`` and ``centre_distance95_mm`` are the mean and the 95th percentile of the distances between
    the centres of segmentation and reference in a slice. ``to_left_mm`` and ``to_front_mm`` are the mean displacement
    of the segmentation with its sign (minus is to the right and to the back), so that what cancels out is not
    systematic. ``missed_share`` is the share of the reference's slices in which nothing was segmented.
    """

    centre_distance_mm: float = np.nan
    centre_distance95_mm: float = np.nan
    to_left_mm: float = np.nan
    to_front_mm: float = np.nan
    missed_share: float = np.nan


def position(soft: sitk.Image, reference: sitk.Image, *, threshold: float = 0.5, floor: float = 0.01) -> Position:
    """Compare two soft or binary masks on the same grid, of any orientation, slice by slice.

    Slices lie along the image axis closest to inferior-superior, left and front are those of the patient. Where one
    slice has several objects the heaviest counts, as for areas. A slice belongs to a mask where it reaches
    ``threshold``. Raises :class:`BadInputError` for different grids and for values that are no soft segmentation.
    """
    placed = put_onto(reference, soft)
    if placed is None:
        raise BadInputError("The segmentation and its reference mask lie on different grids.", "resample one of them")
    found, expected = (cord_volume(image, floor) for image in (soft, placed))
    there = [k for k, values in enumerate(expected.values) if values.max() >= threshold]
    if not there:
        return Position()
    shared = [k for k in there if found.values[k].max() >= threshold]
    missed = 1 - len(shared) / len(there)
    if not shared:
        return Position(missed_share=missed)
    centres = [np.array([_centre(volume.values[k], threshold) for k in shared]) for volume in (found, expected)]
    moved = (centres[0] - centres[1]) * expected.spacing[:2]
    distances = np.linalg.norm(moved, axis=1)
    return Position(
        centre_distance_mm=float(distances.mean()),
        centre_distance95_mm=float(np.percentile(distances, 95)),
        to_left_mm=float(moved[:, 0].mean()),
        to_front_mm=float(moved[:, 1].mean()),
        missed_share=missed,
    )


def _centre(values: np.ndarray, threshold: float) -> tuple[float, float]:
    main = cord_object(values, threshold)
    assert main is not None
    return main.centre
