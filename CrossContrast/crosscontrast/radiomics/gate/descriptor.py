"""A short description of an image that does not depend on its unit: how its values and its structures are spread."""

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.geometry import resample_to_spacing
from crosscontrast.ground.images import clean_intensities

#: Structures are described at these sizes in mm, on voxels of 2 mm.
_SCALES = (2.0, 4.0, 8.0)
_SPACING = 2.0
_QUANTILES = np.linspace(0.02, 0.98, 13)
#: More voxels than this are thinned out, which keeps a CT of the trunk within a second or two.
_MOST_VOXELS = 4e6


def describe(image: sitk.Image, name: str) -> np.ndarray:
    """Return the descriptor of a 3-D image as a vector of 19 numbers.

    Quantiles of the values (13) after centring at the median and dividing by the distance of the 5 % and 95 %
    quantiles, and mean and spread of the gradient's magnitude at three scales (6, logarithms). Raises
    :class:`crosscontrast.errors.BadInputError` for a constant image.
    """
    image = clean_intensities(image, name)
    extent = np.array(image.GetSize()) * image.GetSpacing()
    step = max(_SPACING, float((np.prod(extent) / _MOST_VOXELS) ** (1 / 3)))
    image = resample_to_spacing(image, (step, step, step))
    values = sitk.GetArrayFromImage(image)
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    scale = high - low if high > low else float(values.std()) or 1.0
    quantiles = (np.quantile(values, _QUANTILES) - middle) / scale
    edges = []
    for sigma in _SCALES:
        gradient = sitk.GetArrayFromImage(sitk.GradientMagnitudeRecursiveGaussian(image, max(sigma, step))) / scale
        edges += [float(np.log(gradient.mean() + 1e-6)), float(np.log(gradient.std() + 1e-6))]
    return np.array([*quantiles, *edges])
