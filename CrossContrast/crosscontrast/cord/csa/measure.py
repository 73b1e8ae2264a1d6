"""The measurement of cross-sectional area (CSA), after the method of SCT and true to the soft values."""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.csa.centreline import Centreline, sct_centreline, smooth_centreline
from crosscontrast.cord.csa.disc_files import PMJ_LABEL
from crosscontrast.cord.csa.levels import Discs, levels_from_discs, levels_from_map
from crosscontrast.cord.csa.shape import CordObject, cord_object, sct_shape
from crosscontrast.cord.csa.table import CsaRow, CsaTable, Note
from crosscontrast.cord.csa.volume import CordVolume, Point, cord_volume
from crosscontrast.errors import BadInputError


def measure_csa(
    soft: sitk.Image,
    *,
    levels: sitk.Image | None = None,
    discs: Discs | None = None,
    pmj: Point | None = None,
    threshold: float = 0.5,
    floor: float = 0.01,
    smoothing: float = 8.0,
) -> CsaTable:
    """Measure the cord in every slice of a soft segmentation (or a binary mask of 0 and 1) of any orientation.

    Slices lie along the image axis closest to inferior-superior and are not resampled. Two areas are given:

    * **true soft**: the sum of the soft values of the slice's main object times the pixel area times the cosine
      between the slice's normal and the tangent of a centreline through the probability-weighted centres, smoothed
      over ``smoothing`` mm. Exact for a straight cord at any angle, however thick the slices; on arcs of 100 mm
      radius within 0.3 %, but 1.6 % in the outermost slices, where the tangent is seen from one side only;
    * **SCT-compatible**: as ``sct_process_segmentation`` (see :func:`sct_shape` and :func:`sct_centreline`): each
      slice is stretched to its own maximum, several objects are summed and the in-plane axes are scaled by one
      cosine each, which is 1 % too little for a cord that leans 30 degrees diagonally and 4 % at 40. Deviation from
      SCT: values up to ``floor`` count as 0, so that a network's faint haze cannot pull the unweighted centreline.

    ``threshold`` decides what is a separate object. Levels come from a label map or from disc points (LPS, mm, by
    SCT's numbers); ``pmj``, or point 50 of ``discs``, is the pontomedullary junction from which distances are taken.
    Without cord all rows are NaN. Raises :class:`BadInputError` for values outside [0, 1] and levels that do not fit.
    """
    if levels is not None and discs is not None:
        raise BadInputError("Levels come from a label map or from disc points, not from both.")
    volume = cord_volume(soft, floor)
    objects = [cord_object(values, threshold) for values in volume.values]
    pmj = pmj or (discs or {}).get(PMJ_LABEL)
    rows, centreline = measure_true_areas(volume, objects, smoothing, pmj)
    if centreline:
        numbers = _levels(levels, discs, soft, volume, centreline)
        slopes = sct_centreline(_plain_centres(volume), volume.spacing).slopes
        for n, k in enumerate(centreline.slices.tolist()):
            rows[k] = replace(rows[k], level=numbers.get(k))
            if objects[k]:
                rows[k] = _with_sct_shape(rows[k], volume, slopes[n])
    noted = (
        replace(row, notes=_notes(row, found, volume, centreline)) for row, found in zip(rows, objects, strict=True)
    )
    return CsaTable(tuple(noted), volume.original_axis, from_pmj=pmj is not None)


def measure_true_areas(
    volume: CordVolume, objects: list[CordObject | None], smoothing: float, pmj: Point | None = None
) -> tuple[list[CsaRow], Centreline | None]:
    """Return a row per slice with the true soft measures of its object, and the centreline if there is any object.

    Of the notes only :attr:`Note.FAINT` is there, by which means leave a slice out.
    """
    rows = [CsaRow(slice=k, original_slice=int(original)) for k, original in enumerate(volume.original_slices)]
    if not any(objects):
        return rows, None
    centreline = _true_centreline(volume, objects, smoothing)
    start = 0.0 if pmj is None else centreline.depth_of(volume.to_frame(pmj))
    distances, cosines = centreline.depths - start, centreline.cosines
    for n, k in enumerate(centreline.slices.tolist()):
        rows[k] = replace(rows[k], distance=float(distances[n]))
        found = objects[k]
        if found:
            rows[k] = _with_true_area(rows[k], found, volume.spacing, float(cosines[n]))
    return rows, centreline


def _true_centreline(volume: CordVolume, objects: list[CordObject | None], smoothing: float) -> Centreline:
    px, py, pz = volume.spacing
    centres = np.array([found.centre if found else (0.0, 0.0) for found in objects]) * (px, py)
    masses = np.array([found.mass if found else 0.0 for found in objects])
    # A slice that the cord fills in part (an end, a speck) has an uncertain centre; a wide one is no surer than others.
    weights = np.minimum(masses / np.median(masses[masses > 0]), 1.0)
    return smooth_centreline(centres, weights, pz, smoothing)


def _plain_centres(volume: CordVolume) -> np.ndarray:
    """Return the mean (column, row) of the nonzero pixels of each slice, NaN where there are none."""
    nonzero = volume.values > 0
    columns, rows = nonzero.sum(axis=1), nonzero.sum(axis=2)
    count = np.where(columns.any(axis=1), columns.sum(axis=1), np.nan)
    return np.column_stack([h @ np.arange(h.shape[1]) / count for h in (columns, rows)])


def _levels(
    levels: sitk.Image | None, discs: Discs | None, soft: sitk.Image, volume: CordVolume, centreline: Centreline
) -> dict[int, int]:
    if levels is not None:
        numbers = levels_from_map(levels, soft, volume, centreline)
    elif discs is not None and set(discs) != {PMJ_LABEL}:
        numbers = levels_from_discs(discs, volume, centreline)
    else:
        return {}
    if not set(numbers) & set(centreline.slices.tolist()):
        raise BadInputError("The vertebral levels cover no slice of the cord.")
    return numbers


def _with_true_area(row: CsaRow, found: CordObject, spacing: tuple[float, float, float], cosine: float) -> CsaRow:
    px, py, pz = spacing
    return replace(
        row,
        area_true=found.mass * px * py * cosine,
        tilt=float(np.degrees(np.arccos(cosine))),
        length_true=pz / cosine,
        components=found.components,
        maximum=found.maximum,
        notes=(Note.FAINT,) if found.faint else (),
    )


def _with_sct_shape(row: CsaRow, volume: CordVolume, slopes: np.ndarray) -> CsaRow:
    px, py, pz = volume.spacing
    angle_ap, angle_rl = np.arctan(slopes)
    shape = sct_shape(volume.values[row.slice], (px * np.cos(angle_ap), py * np.cos(angle_rl)))
    if shape is None:
        return row
    return replace(
        row,
        area_sct=shape.area,
        angle_ap=float(np.degrees(angle_ap)),
        angle_rl=float(np.degrees(angle_rl)),
        diameter_ap=shape.diameter_ap,
        diameter_rl=shape.diameter_rl,
        eccentricity=shape.eccentricity,
        orientation=shape.orientation,
        solidity=shape.solidity,
        length=float(pz / (np.cos(angle_ap) * np.cos(angle_rl))),
    )


def _notes(
    row: CsaRow, found: CordObject | None, volume: CordVolume, centreline: Centreline | None
) -> tuple[Note, ...]:
    """Say what is unusual about a slice."""
    span = centreline.slices.tolist() if centreline else []
    inside = bool(span) and span[0] <= row.slice <= span[-1]
    ends = {*span[:1]} - {0} | {*span[-1:]} - {len(volume.values) - 1}
    said = {
        Note.EMPTY: not inside,
        Note.GAP: inside and not found,
        Note.CLEANED: volume.cleaned[row.slice],
    }
    if found:
        said |= {
            Note.FAINT: found.faint,
            Note.CONSTANT: np.isnan(row.area_sct),
            Note.SEVERAL: found.components > 1,
            Note.BORDER: found.touches_border,
            Note.END: row.slice in ends,
            Note.UNCORRECTED: len(span) == 1,
        }
    return tuple(note for note, true in said.items() if true)
