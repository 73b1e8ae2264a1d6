"""How alike two images are, voxel by voxel: the measures that synthesis papers report, computed in one stated way."""

from typing import Any, Literal

import numpy as np
import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import resample_onto, resampled_field_of_view
from crosscontrast.ground.placement import put_onto

#: Width in voxels of the Gaussian window (sigma 1.5) that Wang et al. 2004 define SSIM with.
_SSIM_WINDOW = 11


class Similarity(BaseModel):
    """The measures of one pair, with everything that they depend on.

    With r the reference and t the test image over the ``voxels`` compared: ``mae`` mean |t - r|, ``mse`` mean (t - r)²,
    ``rmse`` its root, all in the reference's unit; ``nmse`` sum (t - r)² / sum r²; ``psnr`` 20 log10(data_range / rmse)
    in dB; ``ssim`` the structural similarity of Wang et al. 2004 (doi 10.1109/TIP.2003.819861: Gaussian window of sigma
    1.5, constants 0.01 and 0.03), whose map is averaged over the voxels compared; ``pearson`` the correlation.

    ``ssim_windows`` says whether the windows were cubes, squares in the slices across the shortest axis (a stack of
    fewer than 11 slices), or did not fit at all. A measure without a value is ``None``: ``psnr`` of equal images,
    ``nmse`` of a reference that is zero, ``pearson`` where one image is constant, ``ssim`` of tiny images.
    """

    model_config = ConfigDict(frozen=True)

    voxels: int
    data_range: float
    data_range_from: Literal["given", "reference", "reference in mask"]
    resampled: bool
    mae: float
    mse: float
    rmse: float
    nmse: float | None
    psnr: float | None
    ssim: float | None
    ssim_windows: Literal["cubes", "squares", "none"]
    pearson: float | None


def compare_images(
    reference: sitk.Image,
    test: sitk.Image,
    mask: sitk.Image | None = None,
    data_range: float | None = None,
    resample: bool = False,
    measured: sitk.Image | None = None,
) -> Similarity:
    """Measure how alike two 3-D images are, inside ``mask`` where one is given (its voxels above zero).

    ``data_range`` is the span of values that SSIM and PSNR relate errors to; by default that of the reference over the
    voxels compared. A test image on another grid is resampled linearly onto the reference's where ``resample`` allows
    it. Where its field of view ends, and where ``measured`` (on the reference's grid; ``None``: 1 everywhere) is 0,
    nothing is compared, nor by the windows of SSIM that reach there. Raises :class:`BadInputError` for differing grids,
    an empty mask, images that do not meet in it, voxels that are not finite and a range of 0.
    """
    placed = put_onto(test, reference, "The test image")
    if placed is None and not resample:
        raise BadInputError("The two images lie on different grids.", "allow resampling onto the reference's grid")
    seen = None if measured is None else sitk.GetArrayFromImage(measured) > 0
    if placed is None:
        field = sitk.GetArrayFromImage(resampled_field_of_view(test, reference)) > 0
        seen = field if seen is None else seen & field
        placed, resampled = resample_onto(sitk.Cast(test, sitk.sitkFloat64), reference), True
    else:
        resampled = False
    inner = put_onto(mask, reference, "The mask") if mask is not None else None
    if mask is not None and inner is None:
        raise BadInputError("The mask does not lie on the reference's grid.")
    r, t = (sitk.GetArrayFromImage(image).astype(np.float64) for image in (reference, placed))
    inside = np.ones(r.shape, bool) if inner is None else sitk.GetArrayFromImage(inner) > 0
    _check(r, t, inside)
    if seen is not None:
        inside &= seen
        if not inside.any():
            raise BadInputError("The two images do not meet in the mask.")
    source: Literal["given", "reference", "reference in mask"] = "reference" if mask is None else "reference in mask"
    if data_range is not None:
        source = "given"
    else:
        data_range = float(np.ptp(r[inside]))
    if not data_range > 0:
        raise BadInputError("The data range must be above 0.", "give one if the reference is constant")
    ssim, windows = _ssim(r, t, inside, data_range, seen)
    return Similarity(
        voxels=int(inside.sum()),
        data_range=data_range,
        data_range_from=source,
        resampled=resampled,
        ssim=ssim,
        ssim_windows=windows,
        **_pointwise(r[inside], t[inside], data_range),
    )


def _check(r: np.ndarray, t: np.ndarray, inside: np.ndarray) -> None:
    if not inside.any():
        raise BadInputError("The mask is empty.")
    for name, values in (("reference", r), ("test image", t)):
        if not np.isfinite(values).all():
            raise BadInputError(f"The {name} has voxels that are NaN or infinite.")


def _pointwise(r: np.ndarray, t: np.ndarray, data_range: float) -> dict[str, Any]:
    difference = t - r
    mse = float(np.mean(difference**2))
    power = float(np.sum(r**2))
    constant = np.ptp(r) == 0 or np.ptp(t) == 0
    return {
        "mae": float(np.mean(np.abs(difference))),
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
        "nmse": float(np.sum(difference**2)) / power if power else None,
        "psnr": float(20 * np.log10(data_range) - 10 * np.log10(mse)) if mse else None,
        "pearson": None if constant else float(np.corrcoef(r, t)[0, 1]),
    }


def _ssim(
    r: np.ndarray, t: np.ndarray, inside: np.ndarray, data_range: float, seen: np.ndarray | None
) -> tuple[float | None, Literal["cubes", "squares", "none"]]:
    """Average the map over the mask; the images are cropped to the mask first, with the windows' margin kept."""
    from skimage.metrics import structural_similarity

    fits = [length >= _SSIM_WINDOW for length in r.shape]
    if sum(fits) < 2:
        return None, "none"
    across = None if all(fits) else fits.index(False)
    if seen is not None:
        inside = inside & whole_windows(seen, _SSIM_WINDOW, across)
        if not inside.any():
            return None, "none"
    corners = np.argwhere(inside)
    margin = _SSIM_WINDOW - 1
    box = tuple(
        slice(max(0, low - margin), high + 1 + margin) for low, high in zip(corners.min(0), corners.max(0), strict=True)
    )

    def ssim_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
        return structural_similarity(a, b, data_range=data_range, **options)[1]

    if across is None:
        return float(ssim_map(r[box], t[box])[inside[box]].mean()), "cubes"
    pairs = zip(np.moveaxis(r[box], across, 0), np.moveaxis(t[box], across, 0), strict=True)
    values = np.stack([ssim_map(a, b) for a, b in pairs], axis=across)
    return float(values[inside[box]].mean()), "squares"


def whole_windows(seen: np.ndarray, width: int, across: int | None = None) -> np.ndarray:
    """Return where a window of ``width`` voxels, one voxel thick along the axis ``across``, was seen as a whole.

    What lies beyond the border of the image does not count against a window: there all methods repeat what is inside.
    """
    from scipy import ndimage

    size = [1 if axis == across else width for axis in range(seen.ndim)]
    whole: np.ndarray = ndimage.minimum_filter(seen, size, mode="nearest")
    return whole
