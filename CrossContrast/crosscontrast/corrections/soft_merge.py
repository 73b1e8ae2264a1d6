"""A person's binary edit brought back into the soft mask, so that an edit does not turn soft into hard."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.corrections.soft_profile import SoftProfile, fit_profile, surface_distance
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import image_like
from crosscontrast.ground.placement import put_onto

#: The surface is looked at this far (mm) to either side; a prediction's soft rim is a few mm wide.
_REACH = 6.0
#: Around an edit the prediction was wrong, so its rim there, up to this distance (mm), tells nothing about a right one.
_DOUBTFUL = 2.0
#: An edited voxel keeps this distance from the threshold, so that it lies on the side the person put it.
_CLEAR = 1e-3
#: Interpolation may carry soft values this far out of [0, 1].
_OVERSHOOT = 1e-3


def soft_merge(
    soft: sitk.Image, predicted_mask: sitk.Image | None, corrected: sitk.Image, *, threshold: float = 0.5
) -> sitk.Image:
    """Return the soft mask that a correction means.

    ``soft`` is the prediction, in [0, 1]. ``predicted_mask`` is the binary mask that the person began to edit, cut from
    it at ``threshold`` (``None``: cut here), ``corrected`` what came out; a voxel is in a mask where it is above 0.
    All lie on the grid of ``soft``, and so does the result (float32).

    Voxels in both masks or in neither keep their value. Where one was added or removed, the new value comes from the
    corrected mask's signed distance in mm, through the profile that the prediction shows at its surface elsewhere:
    about 1 deep inside, ``threshold`` at the surface, about 0 outside. Cut at ``threshold``, the result is
    ``corrected`` again wherever the prediction so cut was ``predicted_mask``. Without a prediction (``soft`` all 0) the
    profile is that of an edge blurred by one voxel.

    Raises :class:`BadInputError` for different grids, values outside [0, 1] and a threshold outside (0, 1).
    """
    if not 0 < threshold < 1:
        raise BadInputError(f"The threshold {threshold:g} does not lie between 0 and 1.")
    values = _soft_values(soft)
    after = _mask(corrected, soft, "corrected mask")
    before = values >= threshold if predicted_mask is None else _mask(predicted_mask, soft, "predicted mask")
    edited = before != after
    if edited.any():
        spacing = soft.GetSpacing()[::-1]
        box = _box_around(before | after, spacing)
        profile = _profile(values[box], before[box], edited[box], spacing)
        values[edited] = _new_values(profile, after, edited, box, spacing, threshold)
    return image_like(values, soft)


def _new_values(
    profile: SoftProfile,
    after: np.ndarray,
    edited: np.ndarray,
    box: tuple[slice, ...],
    spacing: tuple[float, ...],
    threshold: float,
) -> np.ndarray:
    new = profile(surface_distance(after[box], spacing)[edited[box]])
    inside = after[edited]
    low, high = min(threshold + _CLEAR, 1), max(threshold - _CLEAR, 0)
    return np.where(inside, np.maximum(new, low), np.minimum(new, high)).astype(np.float32)


def _profile(soft: np.ndarray, mask: np.ndarray, edited: np.ndarray, spacing: tuple[float, ...]) -> SoftProfile:
    """Fit the profile where the person agreed with the prediction, or everywhere if that is nowhere."""
    distances = surface_distance(mask, spacing)
    near = np.abs(distances) <= _REACH
    trusted = near & (ndimage.distance_transform_edt(~edited, sampling=spacing) > _DOUBTFUL)
    if not (trusted & mask).any():
        trusted = near
    return fit_profile(soft[trusted], distances[trusted], spacing)


def _box_around(mask: np.ndarray, spacing: tuple[float, ...]) -> tuple[slice, ...]:
    """Bounding box with the rim around it, as distances in the whole image would cost a hundred times more."""
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    # One voxel more than the rim, so that a mask inside the image keeps its outside.
    steps = [int(np.ceil(_REACH / step)) + 1 for step in spacing]
    return tuple(slice(max(0, side.start - step), side.stop + step) for side, step in zip(box, steps, strict=True))


def _mask(image: sitk.Image, reference: sitk.Image, name: str) -> np.ndarray:
    placed = put_onto(image, reference, f"The {name}")
    if placed is None:
        raise BadInputError(f"The {name} and the prediction lie on different grids.", "resample the mask first")
    mask: np.ndarray = sitk.GetArrayFromImage(placed) > 0
    return mask


def _soft_values(soft: sitk.Image) -> np.ndarray:
    values = sitk.GetArrayFromImage(soft).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if not (low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT):
        raise BadInputError(f"The soft mask has values from {low:g} to {high:g}; they must lie between 0 and 1.")
    return np.clip(values, 0, 1)
