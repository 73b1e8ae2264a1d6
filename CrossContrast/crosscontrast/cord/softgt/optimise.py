"""The two measures of fit that registration optimises: distances between masks, mutual information of images."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.cord.softgt.contrast import Contrast
from crosscontrast.ground.geometry import reorient
from crosscontrast.ground.images import image_like

#: Distances to the cord's surface in mm are cut here: farther off they tell nothing about the cord.
_REACH = 8.0
#: How far around the cord in mm intensities are compared: canal, discs and the back of the vertebral bodies.
_SURROUNDINGS = 20.0
#: Smoothing of the images in mm before intensities are compared; noise makes mutual information rough.
_SMOOTHING = 0.7
_BINS = 32
#: Points at which metrics are evaluated; six parameters need no more, and a random draw (always the same) avoids the
#: artefacts of aligned grids.
_SAMPLES = 10_000
_SEED = 2023


def fit_masks(reference: Contrast, moving: Contrast, start: sitk.Euler3DTransform) -> sitk.Euler3DTransform:
    """Bring the surfaces of the masks together: least squares of their signed distances.

    The shift along the body (z in LPS) stays that of ``start``, because masks do not show it.
    """
    fixed = _near_cord(reference, _REACH)
    method = _method(_region(fixed, reference, within=_REACH))
    method.SetMetricAsMeanSquares()
    method.SetMetricMovingMask(sitk.Cast(moving.coverage(inner=True), sitk.sitkUInt8))
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 150, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    # Three rotations, three shifts.
    method.SetOptimizerWeights([1, 1, 1, 1, 1, 0])
    return _executed(method, fixed, _near_cord(moving, 2 * _REACH), start)


class ImageFit:
    """Mutual information (Mattes) of two images around the reference's cord."""

    def __init__(self, reference: Contrast, moving: Contrast) -> None:
        distance = _near_cord(reference, _SURROUNDINGS)
        assert reference.image is not None
        assert moving.image is not None
        image = sitk.DiscreteGaussian(reorient(reference.image, "RAS"), variance=[_SMOOTHING**2] * 3)
        self._fixed = sitk.Resample(image, distance)
        self._region = _region(distance, reference, within=_SURROUNDINGS)
        self._moving = sitk.DiscreteGaussian(reorient(moving.image, "RAS"), variance=[_SMOOTHING**2] * 3)

    def improve(self, start: sitk.Euler3DTransform) -> sitk.Euler3DTransform:
        """Search all six parameters."""
        method = self._method()
        # Of gradient descent, conjugate gradients and this, only this came to the optimum on phantoms: it searches one
        # parameter after the other, and the gradient hardly points along the cord.
        method.SetOptimizerAsPowell(numberOfIterations=20, stepLength=1.0, stepTolerance=0.02, valueTolerance=1e-5)
        method.SetOptimizerScalesFromPhysicalShift()
        return _executed(method, self._fixed, self._moving, start)

    def similarity(self, transform: sitk.Euler3DTransform) -> float:
        """Return the mutual information; more is better."""
        method = self._method()
        method.SetInitialTransform(transform)
        try:
            return -float(method.MetricEvaluate(self._fixed, self._moving))
        except RuntimeError:  # no overlap
            return -np.inf

    def _method(self) -> sitk.ImageRegistrationMethod:
        method = _method(self._region)
        method.SetMetricAsMattesMutualInformation(_BINS)
        return method


def _method(region: sitk.Image) -> sitk.ImageRegistrationMethod:
    """Return a registration that looks at points of the fixed image within ``region`` (uint8)."""
    method = sitk.ImageRegistrationMethod()
    method.SetInterpolator(sitk.sitkLinear)
    method.SetMetricFixedMask(region)
    inside = int(sitk.GetArrayFromImage(region).sum())
    if inside > _SAMPLES:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(_SAMPLES / inside, _SEED)
    return method


def _executed(
    method: sitk.ImageRegistrationMethod, fixed: sitk.Image, moving: sitk.Image, start: sitk.Euler3DTransform
) -> sitk.Euler3DTransform:
    found = sitk.Euler3DTransform(start)
    try:
        method.SetInitialTransform(found, inPlace=True)
        method.Execute(fixed, moving)
    except RuntimeError:
        # ITK gives up where hardly any voxel overlaps or all have one value. The start stands then, and whether it is
        # good enough is decided by the agreement of the masks.
        return start
    return found


def _near_cord(contrast: Contrast, reach: float) -> sitk.Image:
    """Signed distance in mm to the mask's outline within each slice, positive inside, cut at ``-reach``.

    The image is that part of the contrast's grid that lies within ``reach`` of the mask in-plane; slices without mask
    have ``-reach``. Distances within slices interpolate between thick slices as shapes do (Raya and Udupa 1990), and
    the mask's ends count for nothing.
    """
    part = _cropped(contrast.cord, reach)
    inside, spacing = sitk.GetArrayFromImage(part) >= 0.5, part.GetSpacing()
    distance = np.full(inside.shape, -reach, np.float32)
    for k in np.flatnonzero(inside.any(axis=(1, 2))):
        outward = ndimage.distance_transform_edt(~inside[k], sampling=spacing[1::-1])
        inward = ndimage.distance_transform_edt(inside[k], sampling=spacing[1::-1])
        distance[k] = np.maximum(inward - outward, -reach)
    return image_like(distance, part)


def _cropped(cord: sitk.Image, margin: float) -> sitk.Image:
    """Cut an image in-plane to the box of its mask with a margin in mm."""
    held = [np.flatnonzero((sitk.GetArrayFromImage(cord) >= 0.5).any(axis=axes)) for axes in ((0, 1), (0, 2))]
    extra = [int(margin / size) + 1 for size in cord.GetSpacing()[:2]]
    (left, right), (back, front) = (
        (max(0, int(h[0]) - e), int(h[-1]) + e + 1) for h, e in zip(held, extra, strict=True)
    )
    return cord[left:right, back:front, :]


def _region(distance: sitk.Image, contrast: Contrast, *, within: float) -> sitk.Image:
    """Voxels of the inner labelled slices that lie within a distance in mm of the cord, as uint8."""
    covered = sitk.GetArrayFromImage(
        sitk.Resample(contrast.coverage(inner=True), distance, sitk.Transform(), sitk.sitkNearestNeighbor)
    )
    near = (sitk.GetArrayFromImage(distance) > -within) & (covered > 0)
    return image_like(near.astype(np.uint8), distance)
