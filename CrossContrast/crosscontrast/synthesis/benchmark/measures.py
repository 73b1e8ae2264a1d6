"""What is measured of a translated image, inside a mask and with a data range that is stated."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.metrics.similarity import compare_images, whole_windows

#: Of these lower is better, of the others higher.
LOWER = ("mae", "mse", "nmse", "lpips")
#: In the order of the tables.
MEASURES = ("mae", "mse", "nmse", "psnr", "ssim", "ms_ssim", "lpips")
#: The weights of the scales of Wang et al. 2003, from fine to coarse.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
#: The Gaussian window of SSIM (sigma 1.5) is 11 voxels wide.
_WINDOW = 11


def measure(
    reference: sitk.Image,
    test: sitk.Image,
    mask: sitk.Image | None,
    data_range: float,
    measured: sitk.Image | None = None,
) -> dict[str, float]:
    """Return the measures of a pair of 3-D images by name; NaN where one has no value.

    All are of :func:`crosscontrast.metrics.similarity.compare_images` but ``ms_ssim`` and ``lpips``. What is not
    ``measured`` (``None``: everything is) counts in none of them.
    """
    similarity = compare_images(reference, test, mask, data_range, measured=measured)
    r, t = (sitk.GetArrayFromImage(image).astype(np.float64) for image in (reference, test))
    inside = np.ones(r.shape, bool) if mask is None else sitk.GetArrayFromImage(mask) > 0
    found = {name: getattr(similarity, name, None) for name in MEASURES}
    seen = None if measured is None else sitk.GetArrayFromImage(measured) > 0
    if seen is not None:
        inside &= seen
        t = np.where(seen, t, r)  # LPIPS takes in whole slices
    found["ms_ssim"] = multiscale_ssim(r, t, inside, data_range, seen)
    found["lpips"] = lpips_distance(r, t, inside)
    return {name: float("nan") if value is None else float(value) for name, value in found.items()}


def multiscale_ssim(
    r: np.ndarray, t: np.ndarray, inside: np.ndarray, data_range: float, seen: np.ndarray | None = None
) -> float | None:
    """Return the multi-scale SSIM (Wang et al., Asilomar 2003) of 3-D arrays, averaged over the mask at each scale.

    Windows that reach beyond what was measured (``seen``; ``None``: everything) do not count.

    Each scale halves the image; a scale on which no axis but slices is as wide as the window is left out and the
    weights of the others are divided by their sum. ``None`` where not even two axes of the first scale are.
    """
    terms: list[tuple[float, float]] = []
    for weight in SCALE_WEIGHTS:
        whole = inside if seen is None else inside & whole_windows(seen, _WINDOW)
        if sum(side >= _WINDOW for side in r.shape) < 2 or not whole.any():
            break
        luminance, structure = _terms(r, t, data_range)
        terms.append((weight, float(structure[whole].mean())))
        last = float(luminance[whole].mean())
        r, t = _halve(r), _halve(t)
        inside = _halve(inside.astype(float)) >= 0.5
        seen = None if seen is None else _halve(seen.astype(float)) == 1
    if not terms:
        return None
    total = sum(weight for weight, _ in terms)
    # A negative mean structure has no real power; Wang's own code cuts it to 0.
    value = np.prod([max(term, 0.0) ** (weight / total) for weight, term in terms])
    return float(value * max(last, 0.0) ** (terms[-1][0] / total))


def _terms(r: np.ndarray, t: np.ndarray, data_range: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the luminance map, and the map of contrast and structure."""

    def mean(values: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(values, 1.5, truncate=3.5)

    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    mr, mt = mean(r), mean(t)
    vr, vt, covariance = mean(r * r) - mr**2, mean(t * t) - mt**2, mean(r * t) - mr * mt
    return (2 * mr * mt + c1) / (mr**2 + mt**2 + c1), (2 * covariance + c2) / (vr + vt + c2)


def _halve(values: np.ndarray) -> np.ndarray:
    """Average blocks of two voxels along every axis that is longer than one."""
    for axis, side in enumerate(values.shape):
        if side > 1:
            even = np.moveaxis(values, axis, 0)[: side // 2 * 2]
            values = np.moveaxis((even[0::2] + even[1::2]) / 2, 0, axis)
    return values


def lpips_distance(r: np.ndarray, t: np.ndarray, inside: np.ndarray) -> float | None:
    """Return LPIPS (Zhang et al., CVPR 2018; AlexNet) averaged over the slices of the mask, scaled by its range.

    ``None`` where the package lpips or its weights are not on this machine: nothing is downloaded.
    """
    from pathlib import Path

    try:
        import lpips
    except ImportError:
        return None
    import torch

    if not list((Path(torch.hub.get_dir()) / "checkpoints").glob("alexnet-*.pth")):
        return None
    low, high = float(r[inside].min()), float(r[inside].max())
    network = lpips.LPIPS(net="alex", verbose=False)
    values = []
    for k in np.flatnonzero(inside.any((1, 2))):
        pair = [
            torch.from_numpy(2 * (volume[k] - low) / max(high - low, 1e-9) - 1).float().expand(1, 3, -1, -1)
            for volume in (r, t)
        ]
        with torch.inference_mode():
            values.append(float(network(*pair)))
    return float(np.mean(values))
