"""Images that features are computed on: on another grid, and filtered."""

import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError, MissingPackageError
from crosscontrast.ground.images import image_like

Interpolation = Literal["linear", "bspline"]
#: The filters we have, under PyRadiomics' names and with its definitions.
FILTERS = ("LoG", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient")


def resampled(
    image: sitk.Image, region: sitk.Image, spacing: tuple[float, ...], interpolation: Interpolation
) -> tuple[sitk.Image, sitk.Image]:
    """Return image and region (uint8) on voxels of ``spacing`` mm.

    The new grid covers the image and has its centre, as IBSI asks (2.4). A voxel is in the region where the region,
    interpolated linearly, reaches one half.
    """
    filter_ = sitk.ResampleImageFilter()
    extent = np.array(image.GetSize()) * np.array(image.GetSpacing()) / np.array(spacing)
    size = [int(n) for n in np.ceil(extent - 1e-6)]
    centre = np.array(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))
    direction = np.array(image.GetDirection()).reshape(3, 3)
    filter_.SetSize(size)
    filter_.SetOutputSpacing(spacing)
    filter_.SetOutputDirection(image.GetDirection())
    filter_.SetOutputOrigin(centre - direction @ (np.array(spacing) * (np.array(size) - 1) / 2))
    filter_.SetUseNearestNeighborExtrapolator(True)
    filter_.SetInterpolator(sitk.sitkLinear if interpolation == "linear" else sitk.sitkBSpline3)
    values = filter_.Execute(image)
    filter_.SetInterpolator(sitk.sitkLinear)
    # Rounding of positions must not decide about a voxel that lies just between.
    inside = filter_.Execute(sitk.Cast(region, sitk.sitkFloat64)) >= 0.5 - 1e-9
    return values, inside


def filtered(image: sitk.Image, filters: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, sitk.Image]]:
    """Yield the names and images of the filters with their options, as in ``{"LoG": {"sigma": [1, 3]}}``.

    Raises :class:`BadInputError` for an image that is too small.
    """
    for name, options in filters.items():
        if name == "LoG":
            for sigma in options["sigma"]:
                yield f"log-sigma-{str(float(sigma)).replace('.', '-')}-mm-3D", _laplacian(image, float(sigma))
        elif name == "Wavelet":
            yield from _wavelets(image, str(options.get("wavelet", "coif1")))
        elif name == "Gradient":
            yield "gradient", sitk.GradientMagnitude(image)
        else:
            yield name.lower(), image_like(_POINTWISE[name](sitk.GetArrayFromImage(image)), image)


def _laplacian(image: sitk.Image, sigma: float) -> sitk.Image:
    if min(image.GetSize()) < 4:
        raise BadInputError("The filter LoG needs four voxels along every axis.")
    return sitk.LaplacianRecursiveGaussian(image, sigma, True)


def _wavelets(image: sitk.Image, wavelet: str) -> Iterator[tuple[str, sitk.Image]]:
    """Yield the eight parts of the stationary wavelet transform; a name has a letter for each axis: i, j, k."""
    values = sitk.GetArrayFromImage(image)
    even = np.pad(values, [(0, n % 2) for n in values.shape], mode="wrap")
    parts = wavelets().swtn(even, wavelet, level=1, axes=(2, 1, 0))[0]
    inner = tuple(slice(n) for n in values.shape)
    # The detail first and the approximation last, as PyRadiomics' tables have them.
    for name in sorted(parts, key=lambda part: (part == "aaa", part)):
        yield f"wavelet-{name.replace('a', 'L').replace('d', 'H')}", image_like(parts[name][inner], image)


def wavelets() -> ModuleType:
    """Return PyWavelets; raises :class:`MissingPackageError` where it is not installed."""
    try:
        return importlib.import_module("pywt")
    except ImportError as error:
        raise MissingPackageError("Wavelets need the package PyWavelets.", "pip install PyWavelets") from error


def _square(values: np.ndarray) -> np.ndarray:
    return values**2 / np.abs(values).max()


def _square_root(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.sqrt(np.abs(values) * np.abs(values).max())


def _logarithm(values: np.ndarray) -> np.ndarray:
    found = np.sign(values) * np.log(np.abs(values) + 1)
    return found * np.abs(values).max() / np.abs(found).max()


def _exponential(values: np.ndarray) -> np.ndarray:
    most = np.abs(values).max()
    return np.exp(np.log(most) / most * values)


_POINTWISE = {"Square": _square, "SquareRoot": _square_root, "Logarithm": _logarithm, "Exponential": _exponential}
