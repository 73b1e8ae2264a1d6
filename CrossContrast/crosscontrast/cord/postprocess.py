"""From the network's map to the one cord that a person has, or to the finding that there is none."""

import math
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.ground.geometry import oriented_view, reorient
from crosscontrast.ground.images import image_like
from crosscontrast.inference.localise import SURE

#: Where pieces are told apart; lower than 0.5, because thin stretches of a cord are faint.
_PIECE_THRESHOLD = 0.3
#: So many voxels are worked on at once.
_SLAB = 2**22
#: How far in mm the soft border around a kept piece reaches.
_BORDER = 3.0
#: A cord is this long in mm, or runs through this share of a shorter field of view. What the network takes for cord in
#: a brain is blobs of 10 to 20 mm.
_SHORTEST = 25.0
_SHORTEST_SHARE = 0.8
#: Mean cross-section in mm²: from a severe atrophy or the tip of the conus to a swollen cord.
_AREAS = (10.0, 250.0)
#: The network is sure of some part of every cord; noise stays below 0.4.
_LEAST_PEAK = 0.6
#: This share of the main stretch's mass lies in voxels above 0.8: 0.36 or more of any cord that we saw, 0.29 or less
#: of what the first shipped network finds in a knee, a brain, a prostate or noise.
_LEAST_SURE = 0.3
#: What lies beyond a gap may be faint or thin, but not both: less than the first share of it sure, and less than the
#: second one of the main stretch's cross-section. The roots below a conus are both (0 and 0.3).
_FAINT, _THIN = 0.1, 0.5
#: Stretches of one cord that an artefact has parted lie no farther apart than this, in mm.
_LARGEST_GAP = 25.0


@dataclass(frozen=True)
class _Piece:
    """A connected piece: its label, mass (sum of soft values) in mm³, largest value, and range along the body in mm.

    ``sure`` is the share of its mass in voxels where the network is sure.
    """

    label: int
    mass: float
    peak: float
    sure: float
    bottom: float
    top: float

    @property
    def length(self) -> float:
        return self.top - self.bottom

    @property
    def area(self) -> float:
        return self.mass / self.length

    def implausible(self, field_of_view: float) -> str:
        """Say why this is no cord; empty where it may be one."""
        if self.peak < _LEAST_PEAK:
            return f"the surest voxel has only {self.peak:.2f}"
        if self.length < min(_SHORTEST, _SHORTEST_SHARE * field_of_view):
            return f"the largest piece is only {self.length:.0f} mm long"
        if not _AREAS[0] <= self.area <= _AREAS[1]:
            return f"the largest piece has a cross-section of {self.area:.0f} mm²"
        return ""

    def gap(self, other: "_Piece") -> float:
        """Distance in mm along the body; negative where both share a stretch of it."""
        return max(self.bottom - other.top, other.bottom - self.top)


def keep_cord(soft: sitk.Image, *, shown: bool = False) -> tuple[sitk.Image, str]:
    """Keep what can be the spinal cord of a soft map (float32 in [0, 1]) with its soft border, and drop the rest.

    That is the piece with the largest mass that is long, thin and sure enough, and plausible pieces that continue it up
    or down. A cord that somebody has ``shown`` may look like anything. Where there is none the map returned is all zero
    and the text says why; else the text is empty.
    """
    empty = np.zeros(soft.GetSize()[::-1], np.float32)
    extent = _box(soft)
    if extent is None:
        return image_like(empty, soft), "no voxel is likely to be cord"
    # All that matters lies in this box, which is reoriented so that the first array axis runs along the body (RAS).
    near = sitk.RegionOfInterest(soft, *extent)
    oriented = reorient(near, "RAS")
    values = np.clip(sitk.GetArrayFromImage(oriented), 0, 1)
    labels, count = ndimage.label(values > _PIECE_THRESHOLD, structure=np.ones((3, 3, 3)))
    whole = oriented_view(soft, "RAS")
    height = whole.spacing[2]
    pieces = _measure(values, labels, count, float(np.prod(whole.spacing)), height)
    cord, reason = _shown_cord(pieces) if shown else _cord(pieces, len(whole.values) * height)
    if reason:
        return image_like(empty, soft), reason
    kept = np.isin(labels, [piece.label for piece in cord])
    del labels
    reach = _within(kept, oriented.GetSpacing()[::-1])
    letters = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(soft.GetDirection())
    back = reorient(image_like(np.where(reach, values, 0).astype(np.float32), oriented), letters)
    (i, j, k), (width, rows, slices) = extent[1], extent[0]
    empty[k : k + slices, j : j + rows, i : i + width] = sitk.GetArrayViewFromImage(back)
    return image_like(empty, soft), ""


def _box(soft: sitk.Image) -> tuple[list[int], list[int]] | None:
    """Return size and first index (i, j, k) of the box that holds all pieces with their soft borders, if any."""
    values = sitk.GetArrayViewFromImage(soft)
    found = ndimage.find_objects((values > _PIECE_THRESHOLD).view(np.uint8))
    if not found:
        return None
    size, first = [], []
    for side, extent, spacing in zip(found[0][::-1], soft.GetSize(), soft.GetSpacing(), strict=True):
        reach = math.ceil(_BORDER / spacing) + 1
        first.append(max(int(side.start) - reach, 0))
        size.append(min(int(side.stop) + reach, extent) - first[-1])
    return size, first


def _within(kept: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the mask of what lies within the border around ``kept``; slab by slab, as distances take 20 bytes each."""
    reach = math.ceil(_BORDER / spacing[0]) + 1
    near = np.zeros_like(kept)
    thick = max(_SLAB // max(kept[0].size, 1), reach)
    for begin in range(0, len(kept), thick):
        first, last = max(begin - reach, 0), min(begin + thick + reach, len(kept))
        slab = kept[first:last]
        if slab.any():
            distances = ndimage.distance_transform_edt(~slab, sampling=spacing)
            near[begin : begin + thick] = (distances <= _BORDER)[begin - first : begin - first + thick]
    return near


def _measure(values: np.ndarray, labels: np.ndarray, count: int, voxel: float, height: float) -> list[_Piece]:
    """Measure all pieces, the one with the largest mass first."""
    numbers = range(1, count + 1)
    inside = np.flatnonzero(labels)  # few voxels; what follows takes 30 bytes for each of those it is given
    values, marks = values.ravel()[inside], labels.ravel()[inside]
    masses, peaks = ndimage.sum(values, marks, numbers), ndimage.maximum(values, marks, numbers)
    sure = ndimage.sum(np.where(values > SURE, values, 0), marks, numbers)
    pieces = [
        _Piece(number, mass * voxel, peak, part / mass, box[0].start * height, box[0].stop * height)
        for number, mass, peak, part, box in zip(
            numbers, masses, peaks, sure, ndimage.find_objects(labels), strict=True
        )
    ]
    return sorted(pieces, key=lambda piece: -piece.mass)


def _cord(pieces: list[_Piece], field_of_view: float) -> tuple[list[_Piece], str]:
    """Return the main piece and those that continue it along the body, or say why none is."""
    plausible = [piece for piece in pieces if not piece.implausible(field_of_view)]
    sure = [piece for piece in plausible if piece.sure >= _LEAST_SURE]
    if not sure:
        first = pieces[0].implausible(field_of_view)
        return [], first or f"only {plausible[0].sure:.0%} of the largest piece is sure"
    return _continued(sure[0], plausible, _LARGEST_GAP), ""


def _shown_cord(pieces: list[_Piece]) -> tuple[list[_Piece], str]:
    """Return the largest piece and what continues it, however far: each was followed from where somebody pointed."""
    if not pieces:
        return [], "nothing like a cord goes through the points that were given"
    return _continued(pieces[0], pieces, math.inf), ""


def _continued(main: _Piece, pieces: list[_Piece], largest_gap: float) -> list[_Piece]:
    """Return ``main`` and those that continue it along the body without running beside it."""
    kept = [main]
    for piece in pieces:
        if piece is main or (piece.sure < _FAINT and piece.area < _THIN * main.area):
            continue
        if 0 <= min(piece.gap(other) for other in kept) <= largest_gap:
            kept.append(piece)
    return kept
