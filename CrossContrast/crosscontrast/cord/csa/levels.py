"""Vertebral levels of slices, from a label map or from points at the discs."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.csa.centreline import Centreline
from crosscontrast.cord.csa.conventions import totalspineseg_discs
from crosscontrast.cord.csa.disc_files import is_disc_table, read_disc_table
from crosscontrast.cord.csa.volume import ORIENTATION, CordVolume, Point
from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import reorient
from crosscontrast.ground.images import read_image
from crosscontrast.ground.placement import bring_onto

#: 1 to 25 are discs (3 is C2/C3); SCT's other labels are no levels.
_LAST_DISC = 25
#: The last of SCT's levels, S2.
_LAST_LEVEL = 26
#: How far, in mm, a disc or a label of a level may lie from the cord's centre. Discs lie 10 to 25 mm before it.
_REACH = 40.0

#: A disc label may be a small blob; one larger than this, in mm, is not a point.
_LARGEST_BLOB = 10.0

Discs = Mapping[int, Point]


def levels_from_map(levels: sitk.Image, soft: sitk.Image, volume: CordVolume, centreline: Centreline) -> dict[int, int]:
    """Return the level of each slice (I->S) as SCT does: the rounded mean of the slice's nonzero labels.

    A label map on another grid is brought onto that of ``soft`` by nearest neighbour; TotalSpineSeg's structures are
    converted. Raises :class:`BadInputError` for a map that cannot be one of this cord's levels: labels that are no
    levels, several that are no neighbours in one slice, levels that do not follow each other or leave most slices out
    (as discs do), and labels far from the cord.
    """
    values = sitk.GetArrayViewFromImage(levels)
    marked_voxels = np.count_nonzero(values)
    if marked_voxels and marked_voxels == len(np.unique(values[values != 0])):
        raise BadInputError("The label map has one voxel per label: these are disc points, not vertebral levels.")
    discs = totalspineseg_discs(levels, "the label map")
    if discs:
        return levels_from_discs(discs, volume, centreline)
    labels = sitk.GetArrayFromImage(reorient(bring_onto(levels, soft, linear=False), ORIENTATION))
    found = {int(k): _levels_of_slice(labels[k]) for k in np.flatnonzero(labels.any(axis=(1, 2)))}
    _check_order(found)
    _check_place(labels, found, volume, centreline)
    return {k: round(float(labels[k][labels[k] != 0].mean())) for k in found}


def _levels_of_slice(labels: np.ndarray) -> tuple[int, int]:
    """Return the lowest and the highest level of a slice that has labels: one, or two neighbours in an oblique one."""
    given = labels[labels != 0]
    numbers = np.round(given)
    if not np.abs(given - numbers).max() < 0.1 or not 1 <= numbers.min() <= numbers.max() <= _LAST_LEVEL:
        raise BadInputError(
            f"The label map has the value {given[np.abs(given).argmax()]:g}, and vertebral levels go from 1 (C1) to 26."
        )
    if numbers.max() - numbers.min() > 1:
        raise BadInputError(
            f"The label map has the labels {numbers.min():g} and {numbers.max():g} in one slice, so it is not one of "
            "vertebral levels.",
        )
    return int(numbers.min()), int(numbers.max())


def _check_order(found: dict[int, tuple[int, int]]) -> None:
    """Refuse levels that do not go down with the slices one by one, or leave most slices between them out."""
    slices = sorted(found)
    for below, above in pairwise(slices):
        if found[below][1] < found[above][0] or found[below][0] - found[above][1] > 1:
            raise BadInputError(
                f"The levels {found[above][0]} and {found[below][0]} of the label map do not follow each other from "
                "top to bottom."
            )
    if len({level for both in found.values() for level in both}) > 1 and 2 * len(slices) < slices[-1] - slices[0] + 1:
        raise BadInputError(
            "The label map leaves most slices between its levels out: these are discs, not vertebral levels.",
            "give it as discs",
        )


def _check_place(
    labels: np.ndarray, found: dict[int, tuple[int, int]], volume: CordVolume, centreline: Centreline
) -> None:
    """Refuse labels that lie beside the cord in the middle of the slices that have both."""
    distances = [
        float(np.linalg.norm(np.argwhere(labels[k])[:, ::-1] * volume.spacing[:2] - point[:2], axis=1).min())
        for k, point in zip(centreline.slices.tolist(), centreline.points, strict=True)
        if k in found
    ]
    if distances and np.median(distances) > _REACH:
        raise BadInputError(
            f"The labels of the label map lie {np.median(distances):.0f} mm from the cord, so it does not belong to it."
        )


def levels_from_discs(discs: Discs, volume: CordVolume, centreline: Centreline) -> dict[int, int]:
    """Return the level of each slice (I->S) between discs: below disc n down to and with disc n + 1 it is level n.

    Every disc is projected onto the centreline. Slices beyond the outermost discs, or between discs that are not
    neighbours, have no level. Raises :class:`BadInputError` where the discs are not in order along the cord or lie
    farther from it than discs do.
    """
    numbers = sorted(n for n in discs if 1 <= n <= _LAST_DISC)
    _check_reach(discs, volume, centreline)
    places = {n: centreline.depth_of(volume.to_frame(discs[n])) for n in numbers}
    if any(places[a] >= places[b] for a, b in pairwise(numbers)):
        raise BadInputError(f"The discs {numbers} do not follow each other from top to bottom along the cord.")
    # A disc lies in the slice whose centre is nearest, so half a slice of tolerance decides to which level it goes.
    half = volume.spacing[2] / 2 / centreline.cosines
    result: dict[int, int] = {}
    for upper in (n for n in numbers if n + 1 in places):
        inside = (centreline.depths > places[upper] + half) & (centreline.depths <= places[upper + 1] + half)
        result |= {int(k): upper for k in centreline.slices[inside]}
    return result


def _check_reach(discs: Discs, volume: CordVolume, centreline: Centreline) -> None:
    """Refuse discs beside the cord. Beyond its ends, where it may bend as much as it goes on, they may lie farther."""
    length = centreline.depths[0]
    for number, point in discs.items():
        if not 1 <= number <= _LAST_DISC:
            continue
        place = volume.to_frame(point)
        depth = centreline.depth_of(place)
        beyond = max(0.0, -depth, depth - length)
        nearest = np.linalg.norm(centreline.points - place, axis=1).min()
        if np.sqrt(max(0.0, nearest**2 - beyond**2)) > _REACH + beyond:
            raise BadInputError(
                f"Disc {number} lies {nearest:.0f} mm from the cord, so the discs do not belong to it.",
                "discs lie within some 25 mm of the cord: check the coordinates and the image that they are of",
            )


def discs_from_image(image: sitk.Image, name: str = "The label map") -> dict[int, Point]:
    """Read disc points (LPS, mm) from a label map in which single voxels, or small blobs, have SCT's disc values.

    Raises :class:`BadInputError`, which begins with ``name``, for a label larger than 10 mm as in a map of levels.
    """
    values = sitk.GetArrayFromImage(image)
    places = np.argwhere(values != 0)
    labels = np.round(values[values != 0]).astype(int)
    discs = {}
    for n in np.unique(labels).tolist():
        blob = places[labels == n][:, ::-1]
        if np.linalg.norm(np.ptp(blob, axis=0) * image.GetSpacing()) > _LARGEST_BLOB:
            raise BadInputError(f"{name} holds no disc points: its label {n} is larger than {_LARGEST_BLOB:g} mm.")
        discs[n] = image.TransformContinuousIndexToPhysicalPoint(blob.mean(axis=0).tolist())
    return discs


def read_discs(path: Path) -> dict[int, Point]:
    """Read disc points (LPS, mm) from a label map, a table or Slicer's markups, see :func:`read_disc_table`.

    In a label map discs are single voxels or small blobs with SCT's values, or TotalSpineSeg's structures. Raises
    :class:`BadInputError` naming the file.
    """
    if is_disc_table(path):
        discs = read_disc_table(path)
    else:
        image = read_image(path)
        discs = totalspineseg_discs(image, path.name) or discs_from_image(image, str(path))
    if not discs:
        raise BadInputError(f"{path} holds no disc points.")
    return discs


def level_name(level: int) -> str:
    """Return the anatomical name of SCT's level number: 1 to 7 are C1 to C7, then T1 to T12, L1 to L5 and S1 on."""
    for letter, first, count in (("C", 1, 7), ("T", 8, 12), ("L", 20, 5)):
        if level < first + count:
            return f"{letter}{level - first + 1}"
    return f"S{level - 24}"
