"""Rigid registration of one contrast to the reference: by their masks, then by their intensities.

A cord is nearly a cylinder, so masks say where it lies and how it leans and turns, but not how far it is shifted along
itself: the ends of masks are no landmarks. The step by masks therefore keeps the position along the body that the
headers give; images, which show vertebrae and discs, may correct it.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.softgt.centrelines import cord_line, offsets, upward
from crosscontrast.cord.softgt.contrast import Contrast
from crosscontrast.cord.softgt.optimise import ImageFit, fit_masks


class Step(StrEnum):
    """The last step of a registration that was kept."""

    REFERENCE = "reference"
    HEADER = "header"
    MASKS = "masks"
    INTENSITIES = "intensities"


#: Dice that intensities may cost against masks. Masks fit masks best by nature, but do not see shifts along the cord:
#: on phantoms moved by up to 5 mm along it, masks left about all of that and intensities at most 0.15 mm.
_DICE_TOLERANCE = 0.02
#: Shifts along the cord in mm that images may choose from.
_SHIFTS = (-4.0, -2.0, 2.0, 4.0)
#: From this sideways move in mm on, images are asked whether they agree with their masks.
_DOUBTFUL_MOVE = 3.0


@dataclass(frozen=True)
class Registration:
    """``transform`` carries points of the reference to points of the contrast (mm, LPS), as resampling wants it.

    ``step`` is the last step that was kept. ``contradiction`` is how far in mm from the mask's place the image fits the
    reference's image better, ``None`` where image and mask agree or there are no images.
    """

    transform: sitk.Euler3DTransform
    step: Step
    contradiction: float | None = None


def register(reference: Contrast, moving: Contrast) -> Registration:
    """Register ``moving`` to ``reference``; contrasts without a common stretch of cord stay where the headers say."""
    if moving is reference:
        return Registration(sitk.Euler3DTransform(), Step.REFERENCE)
    up = upward(reference)
    beside = offsets(cord_line(moving, up), [cord_line(reference, up)], up)
    if not len(beside):
        return Registration(_about_the_cord(reference), Step.HEADER)
    start = _about_the_cord(reference)
    start.SetTranslation(np.median(beside, axis=0).tolist())
    by_masks = fit_masks(reference, moving, start)
    if reference.image is None or moving.image is None:
        return Registration(by_masks, Step.MASKS)
    return _with_intensities(reference, moving, by_masks)


def mean_move(reference: Contrast, transform: sitk.Transform) -> float:
    """Return how far in mm a transform carries the reference's centreline."""
    return float(np.linalg.norm(_moves(reference, transform), axis=1).mean())


def _beside(reference: Contrast, transform: sitk.Transform, other: sitk.Transform | None = None) -> float:
    """Return how far in mm a transform carries the reference's centreline sideways, or how far beside another."""
    moves = _moves(reference, transform) - (_moves(reference, other) if other else 0)
    up = upward(reference)
    return float(np.linalg.norm(moves - np.outer(moves @ up, up), axis=1).mean())


def _moves(reference: Contrast, transform: sitk.Transform) -> np.ndarray:
    points = reference.centreline
    return np.array([transform.TransformPoint(point) for point in points.tolist()]) - points


def rotation_angle(transform: sitk.Euler3DTransform) -> float:
    """Return the angle of a rigid transform's rotation in degrees."""
    trace = np.trace(np.array(transform.GetMatrix()).reshape(3, 3))
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))


def _about_the_cord(reference: Contrast) -> sitk.Euler3DTransform:
    """Identity whose rotations turn about the middle of the reference's cord, so that they hardly shift it."""
    transform = sitk.Euler3DTransform()
    transform.SetCenter(reference.centreline.mean(axis=0).tolist())
    return transform


def _with_intensities(reference: Contrast, moving: Contrast, by_masks: sitk.Euler3DTransform) -> Registration:
    compare = ImageFit(reference, moving)
    # A bent cord that is shifted along itself looks like one that leans, so every shift has its own fit of the masks.
    shifted = (_shifted(by_masks, along * upward(reference)) for along in _SHIFTS)
    starts = [by_masks, *(fit_masks(reference, moving, start) for start in shifted)]
    refined = compare.improve(max(starts, key=compare.similarity))
    if mask_dice(reference, moving, refined) >= mask_dice(reference, moving, by_masks) - _DICE_TOLERANCE:
        kept, step = refined, Step.INTENSITIES
    else:
        kept, step = by_masks, Step.MASKS
    if _beside(reference, kept) <= _DOUBTFUL_MOVE:
        return Registration(kept, step)
    # The masks had to be moved far. If the images fit better without, it was the mask that was misplaced.
    in_place = compare.improve(_about_the_cord(reference))
    apart = _beside(reference, kept, in_place)
    if apart > _DOUBTFUL_MOVE and compare.similarity(in_place) > compare.similarity(kept):
        return Registration(kept, step, contradiction=apart)
    return Registration(kept, step)


def mask_dice(reference: Contrast, moving: Contrast, transform: sitk.Transform) -> float:
    """Return the Dice of the two masks at 0.5 on the reference's grid, in the slices that both of them label."""
    mask = sitk.GetArrayFromImage(sitk.Resample(moving.cord, reference.cord, transform, sitk.sitkLinear, 0.0))
    covered = sitk.GetArrayFromImage(
        sitk.Resample(moving.coverage(inner=True), reference.cord, transform, sitk.sitkLinear, 0.0)
    )
    common = (covered >= 0.5) & reference.labelled[:, None, None]
    a, b = (mask >= 0.5) & common, (sitk.GetArrayFromImage(reference.cord) >= 0.5) & common
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 0.0


def _shifted(transform: sitk.Euler3DTransform, by: np.ndarray) -> sitk.Euler3DTransform:
    shifted = sitk.Euler3DTransform(transform)
    shifted.SetTranslation((np.array(transform.GetTranslation()) + by).tolist())
    return shifted
