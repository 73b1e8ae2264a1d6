"""The region that features are computed in: which voxels of a mask are meant, and whether they can be used."""

import warnings

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import resample_onto, same_grid
from crosscontrast.ground.images import ImageWarning, image_like
from crosscontrast.ground.placement import put_onto
from crosscontrast.radiomics.extraction.settings import Perturbation

#: Width in mm of the smooth random field that moves a contour; about what two readers' contours differ along.
_PERTURBATION_WIDTH = 4.0


def aligned(mask: sitk.Image, image: sitk.Image, *, resample: bool = False, soft: bool = False) -> sitk.Image:
    """Return the mask on the image's grid, which is its own, or its own with the axes in another order or direction.

    No voxel moves, unless with ``resample`` a mask on another grid, such as a finer one, is resampled by position: a
    ``soft`` one linearly, labels by the nearest voxel. Without it :class:`BadInputError` says in what the grids differ.
    """
    placed = put_onto(mask, image, "The mask")
    if placed is not None:
        return placed
    if resample:
        warnings.warn("The mask lies on another grid and was resampled onto the image", ImageWarning, stacklevel=2)
        return resample_onto(sitk.Cast(mask, sitk.sitkFloat32) if soft else mask, image, linear=soft)
    sizes = [" x ".join(map(str, grid.GetSize())) for grid in (mask, image)]
    how = f"it has {sizes[0]} voxels, the image {sizes[1]}"
    if sorted(mask.GetSize()) == sorted(image.GetSize()):
        how = "position, spacing or direction differ"
    raise BadInputError(
        f"The mask does not lie on the image's grid: {how}.", "resample it onto the image (--resample-masks)"
    )


def region_of(mask: sitk.Image, *, label: int | None, threshold: float | None) -> np.ndarray:
    """Return the boolean array (k, j, i) of the voxels meant in ``mask``.

    With ``threshold`` those at or above it, in a soft map; with ``label`` those of that value in a label map; with
    neither those above zero, where no doubt is possible: a mask with one value beside 0. Raises
    :class:`BadInputError` where a mask has several labels, soft values, or not the label, and nothing says what to do.
    """
    values = sitk.GetArrayFromImage(mask)
    if not np.isfinite(values).all():
        raise BadInputError("The mask has voxels that are NaN or infinite.")
    if threshold is not None:
        if values.min() < 0 or values.max() > 1:
            raise BadInputError(
                f"The mask has values from {values.min():g} to {values.max():g}, so a threshold of {threshold:g} "
                "has no meaning; a soft map has values from 0 to 1."
            )
        return values >= threshold
    found = np.unique(values)
    if label is not None:
        if label not in found:
            known = ", ".join(f"{value:g}" for value in found[found != 0][:10])
            raise BadInputError(f"The mask has no label {label}" + (f", only {known}." if known else ": it is empty."))
        return values == label
    inside = found[found != 0]
    if len(inside) > 1:
        if (found != np.round(found)).any():
            raise BadInputError("The mask is soft.", "choose a threshold")
        raise BadInputError(
            f"The mask has the labels {', '.join(f'{value:g}' for value in inside[:10])}.", "choose one of them"
        )
    return values != 0


def perturbed(region: np.ndarray, spacing: tuple[float, ...], perturbation: Perturbation) -> np.ndarray:
    """Return the region with its contour moved at random, smoothly along itself.

    The signed distance to the contour is offset by a Gaussian random field (as the contour randomisation of
    Zwanenburg et al., Sci Rep 9:614, 2019, here in mm and for every shape). ``spacing`` is along the array's axes.
    """
    # Takes longer to import than a small case to measure, and only this needs it.
    from scipy import ndimage

    outside = ndimage.distance_transform_edt(~region, sampling=spacing)
    inside = ndimage.distance_transform_edt(region, sampling=spacing)
    noise = np.random.default_rng(perturbation.seed).standard_normal(region.shape)
    field = ndimage.gaussian_filter(noise, [_PERTURBATION_WIDTH / step for step in spacing])
    # Voxel centres just beside the contour lie half a voxel from it; without this a region would shrink.
    half = min(spacing) / 2
    distance = np.where(region, half - inside, outside - half)
    moved: np.ndarray = distance < field / field.std() * perturbation.amplitude
    return moved


def prepare(image: sitk.Image, mask: sitk.Image, region: np.ndarray) -> tuple[sitk.Image, sitk.Image, list[str]]:
    """Return image (float64) and region (uint8 of 0 and 1) fit for a back-end, and what was unusual.

    Raises :class:`BadInputError` where no feature could mean anything: another grid, a region that is empty or a
    single voxel, voxels in it that are NaN, infinite or all the same.
    """
    if not same_grid(image, mask):  # the region is an array in the image's order already
        raise BadInputError("The mask does not lie on the image's grid.", "resample it onto the image")
    voxels = int(np.count_nonzero(region))
    if voxels == 0:
        raise BadInputError("The mask is empty.")
    if voxels == 1:
        raise BadInputError("The mask is a single voxel, which has no texture or shape.")
    values = sitk.GetArrayFromImage(image).astype(np.float64)
    finite = np.isfinite(values)
    bad = int(np.count_nonzero(~finite & region))
    if bad:
        raise BadInputError(f"{bad} of the {voxels} voxels in the mask are NaN or infinite.")
    if np.ptp(values[region]) == 0:
        raise BadInputError(f"The image is constant in the mask: every voxel has the value {values[region][0]:g}.")
    remarks = []
    if not finite.all():
        values[~finite] = values[finite].min()
        remarks.append(
            f"{int((~finite).sum())} voxels outside the mask are NaN or infinite and take the smallest value"
        )
    return image_like(values, image), image_like(region.astype(np.uint8), image), remarks


def normalised(image: sitk.Image, measured: np.ndarray) -> sitk.Image:
    """Return the image with mean 0 and standard deviation 100 over the voxels that were measured (boolean, k, j, i)."""
    values = sitk.GetArrayFromImage(image)
    return image_like((values - values[measured].mean()) / values[measured].std() * 100, image)
