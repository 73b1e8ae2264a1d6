"""Rigid registration of one contrast to the reference: by their masks, then by their intensities.

A cord is nearly a cylinder, so masks say where it lies and how it leans and turns, but not how far it is shifted along
itself: the ends of masks are no landmarks. The step by masks therefore keeps the position along the body that the
headers give; images, which show vertebrae and discs, may correct it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from CrossContrastLib.ground.geometry import reorient
from CrossContrastLib.ground.images import image_like
from SoftCordSegLib.softgt.centrelines import cord_line, offsets, upward
from SoftCordSegLib.softgt.contrast import Contrast

Step = Literal["reference", "header", "masks", "intensities"]

#: Distances to the cord's surface in mm are cut here: farther off they tell nothing about the cord.
_REACH = 8.0
#: How far around the cord in mm intensities are compared: canal, discs and the back of the vertebral bodies.
_SURROUNDINGS = 20.0
#: Smoothing of the images in mm before intensities are compared; noise makes mutual information rough.
_SMOOTHING = 0.7
_BINS = 32
#: Dice that intensities may cost against masks. Masks fit masks best by nature, but do not see shifts along the cord.
_DICE_TOLERANCE = 0.01
#: From this move in mm on, images are asked whether they agree with their masks.
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
        return Registration(sitk.Euler3DTransform(), "reference")
    up = upward(reference)
    beside = offsets(cord_line(moving, up), [cord_line(reference, up)], up)
    if not len(beside):
        return Registration(_about_the_cord(reference), "header")
    start = _about_the_cord(reference)
    start.SetTranslation(np.median(beside, axis=0).tolist())
    by_masks = _register_masks(reference, moving, start)
    if reference.image is None or moving.image is None:
        return Registration(by_masks, "masks")
    return _with_intensities(reference, moving, by_masks)


def mean_move(reference: Contrast, transform: sitk.Transform, other: sitk.Transform | None = None) -> float:
    """Return how far in mm a transform carries the reference's centreline, or how far apart two transforms carry it."""
    points = reference.centreline
    moved = np.array([transform.TransformPoint(p) for p in points.tolist()])
    against = np.array([other.TransformPoint(p) for p in points.tolist()]) if other is not None else points
    return float(np.linalg.norm(moved - against, axis=1).mean())


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
    compare = _IntensityRegistration(reference, moving)
    refined = compare.improve(by_masks)
    kept: Registration
    if mask_dice(reference, moving, refined) >= mask_dice(reference, moving, by_masks) - _DICE_TOLERANCE:
        kept = Registration(refined, "intensities")
    else:
        kept = Registration(by_masks, "masks")
    if mean_move(reference, kept.transform) <= _DOUBTFUL_MOVE:
        return kept
    # The masks had to be moved far. If the images fit better without, it was the mask that was misplaced.
    in_place = compare.improve(_about_the_cord(reference))
    apart = mean_move(reference, kept.transform, in_place)
    if apart > _DOUBTFUL_MOVE and compare.similarity(in_place) > compare.similarity(kept.transform):
        return Registration(kept.transform, kept.step, contradiction=apart)
    return kept


def mask_dice(reference: Contrast, moving: Contrast, transform: sitk.Transform) -> float:
    """Return the Dice of the two masks at 0.5 on the reference's grid, in the slices that both of them label."""
    mask = _array(sitk.Resample(moving.cord, reference.cord, transform, sitk.sitkLinear, 0.0))
    covered = _array(sitk.Resample(moving.coverage(inner=True), reference.cord, transform, sitk.sitkLinear, 0.0))
    common = (covered >= 0.5) & reference.labelled[:, None, None]
    a, b = (mask >= 0.5) & common, (_array(reference.cord) >= 0.5) & common
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 0.0


def _register_masks(reference: Contrast, moving: Contrast, start: sitk.Euler3DTransform) -> sitk.Euler3DTransform:
    """Bring the surfaces of the masks together: least squares of their signed distances."""
    fixed = _near_cord(reference, _REACH)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMeanSquares()
    method.SetMetricFixedMask(_region(fixed, reference, within=_REACH))
    method.SetMetricMovingMask(sitk.Cast(moving.coverage(inner=True), sitk.sitkUInt8))
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, 200, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    # The last parameter is the shift along the body (see above).
    method.SetOptimizerWeights([1, 1, 1, 1, 1, 0])
    return _executed(method, fixed, _near_cord(moving, 2 * _REACH), start)


class _IntensityRegistration:
    """Mutual information (Mattes) of two images around the reference's cord."""

    def __init__(self, reference: Contrast, moving: Contrast) -> None:
        distance = _near_cord(reference, _SURROUNDINGS)
        assert reference.image is not None
        assert moving.image is not None
        image = sitk.DiscreteGaussian(reorient(reference.image, "RAS"), _SMOOTHING**2)
        self._fixed = sitk.Resample(image, distance)
        self._region = _region(distance, reference, within=_SURROUNDINGS)
        self._moving = sitk.DiscreteGaussian(reorient(moving.image, "RAS"), _SMOOTHING**2)

    def improve(self, start: sitk.Euler3DTransform) -> sitk.Euler3DTransform:
        method = self._method()
        method.SetOptimizerAsRegularStepGradientDescent(0.5, 1e-3, 100, relaxationFactor=0.6)
        method.SetOptimizerScalesFromPhysicalShift()
        return _executed(method, self._fixed, self._moving, start)

    def similarity(self, transform: sitk.Euler3DTransform) -> float:
        method = self._method()
        method.SetInitialTransform(transform)
        return -float(method.MetricEvaluate(self._fixed, self._moving))

    def _method(self) -> sitk.ImageRegistrationMethod:
        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsMattesMutualInformation(_BINS)
        method.SetMetricFixedMask(self._region)
        method.SetInterpolator(sitk.sitkLinear)
        return method


def _executed(
    method: sitk.ImageRegistrationMethod, fixed: sitk.Image, moving: sitk.Image, start: sitk.Euler3DTransform
) -> sitk.Euler3DTransform:
    try:
        method.SetInitialTransform(sitk.Euler3DTransform(start), inPlace=True)
        found = method.Execute(fixed, moving)
    except RuntimeError:
        # ITK gives up where hardly any voxel overlaps or all have one value. The start stands then, and whether it is
        # good enough is decided by the agreement of the masks.
        return start
    return sitk.Euler3DTransform(found)


def _near_cord(contrast: Contrast, reach: float) -> sitk.Image:
    """Signed distance in mm to the mask's outline within each slice, positive inside, cut at ``-reach``.

    The image is that part of the contrast's grid that lies within ``reach`` of the mask in-plane; slices without mask
    have ``-reach``. Distances within slices interpolate between thick slices as shapes do (Raya and Udupa 1990), and
    the mask's ends count for nothing.
    """
    part = _cropped(contrast.cord, reach)
    inside, spacing = _array(part) >= 0.5, part.GetSpacing()
    distance = np.full(inside.shape, -reach, np.float32)
    for k in np.flatnonzero(inside.any(axis=(1, 2))):
        outward = ndimage.distance_transform_edt(~inside[k], sampling=spacing[1::-1])
        inward = ndimage.distance_transform_edt(inside[k], sampling=spacing[1::-1])
        distance[k] = np.maximum(inward - outward, -reach)
    return image_like(distance, part)


def _cropped(cord: sitk.Image, margin: float) -> sitk.Image:
    """Cut an image in-plane to the box of its mask with a margin in mm."""
    held = [np.flatnonzero((_array(cord) >= 0.5).any(axis=axes)) for axes in ((0, 1), (0, 2))]
    extra = [int(margin / size) + 1 for size in cord.GetSpacing()[:2]]
    (left, right), (back, front) = ((max(0, int(h[0]) - e), int(h[-1]) + e + 1) for h, e in zip(held, extra, strict=True))
    return cord[left:right, back:front, :]


def _region(distance: sitk.Image, contrast: Contrast, *, within: float) -> sitk.Image:
    """Voxels of the inner labelled slices that lie within a distance in mm of the cord, as uint8."""
    covered = _array(sitk.Resample(contrast.coverage(inner=True), distance, sitk.Transform(), sitk.sitkNearestNeighbor))
    near = (_array(distance) > -within) & (covered > 0)
    return image_like(near.astype(np.uint8), distance)


def _array(image: sitk.Image) -> np.ndarray:
    return np.asarray(sitk.GetArrayViewFromImage(image))
