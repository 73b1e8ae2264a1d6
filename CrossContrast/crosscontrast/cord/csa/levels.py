"""Vertebral levels of slices, from a label map or from points at the discs."""

import csv
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.csa.centreline import Centreline
from crosscontrast.cord.csa.volume import ORIENTATION, CordVolume, Point
from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import reorient, resample_onto, same_grid
from crosscontrast.ground.images import read_image

#: SCT's value for the pontomedullary junction among disc labels; 1 to 25 are discs (3 is C2/C3), others are not levels.
PMJ_LABEL = 50
_LAST_DISC = 25

#: A disc label may be a small blob; one larger than this, in mm, is not a point.
_LARGEST_BLOB = 10.0

Discs = Mapping[int, Point]


def levels_from_map(levels: sitk.Image, soft: sitk.Image) -> dict[int, int]:
    """Return the level of each slice (I->S) as SCT does: the rounded mean of the slice's nonzero labels.

    A label map on another grid is brought onto that of ``soft`` by nearest neighbour.
    """
    values = sitk.GetArrayViewFromImage(levels)
    marked_voxels = np.count_nonzero(values)
    if marked_voxels and marked_voxels == len(np.unique(values[values != 0])):
        raise BadInputError("The label map has one voxel per label: these are disc points, not vertebral levels.")
    if not same_grid(levels, soft):
        levels = resample_onto(levels, soft, linear=False)
    labels = sitk.GetArrayFromImage(reorient(levels, ORIENTATION))
    marked = np.flatnonzero(labels.any(axis=(1, 2)))
    return {int(k): round(float(labels[k][labels[k] != 0].mean())) for k in marked}


def levels_from_discs(discs: Discs, volume: CordVolume, centreline: Centreline) -> dict[int, int]:
    """Return the level of each slice (I->S) between discs: below disc n down to and with disc n + 1 it is level n.

    Every disc is projected onto the centreline. Slices beyond the outermost discs, or between discs that are not
    neighbours, have no level. Raises :class:`BadInputError` where the discs are not in order along the cord.
    """
    numbers = sorted(n for n in discs if 1 <= n <= _LAST_DISC)
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
    """Read disc points (LPS, mm) from a label map, or from a TSV with the columns ``disc``, ``x``, ``y``, ``z``.

    The table's coordinates are world coordinates of NIfTI and Slicer: mm to the right, the front and the top (RAS).
    Raises :class:`BadInputError` naming the file.
    """
    is_table = path.suffix.lower() == ".tsv"
    discs = _discs_of_table(path) if is_table else discs_from_image(read_image(path), str(path))
    if not discs:
        raise BadInputError(f"{path} holds no disc points.")
    return discs


def _discs_of_table(path: Path) -> dict[int, Point]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
        discs = {int(row["disc"]): (-float(row["x"]), -float(row["y"]), float(row["z"])) for row in rows}
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInputError(f"{path} is not a table with the columns disc, x, y, z.") from error
    if not np.isfinite(list(discs.values())).all():
        raise BadInputError(f"{path} has coordinates that are not finite.")
    if len(discs) < len(rows):
        raise BadInputError(f"{path} names a disc twice.")
    return discs


def level_name(level: int) -> str:
    """Return the anatomical name of SCT's level number: 1 to 7 are C1 to C7, then T1 to T12, L1 to L5 and S1 on."""
    for letter, first, count in (("C", 1, 7), ("T", 8, 12), ("L", 20, 5)):
        if level < first + count:
            return f"{letter}{level - first + 1}"
    return f"S{level - 24}"
