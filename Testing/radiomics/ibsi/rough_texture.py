"""A small textured image with a region that has holes and several slices."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage


def rough() -> tuple[sitk.Image, sitk.Image]:
    """Return image (float64) and region (uint8) of 17 x 20 x 21 voxels of 3 x 2 x 2 mm, with 7 mm around the region."""
    rng = np.random.default_rng(8)
    field = ndimage.gaussian_filter(rng.standard_normal((17, 20, 21)), 0.8)
    region = (np.indices(field.shape).T - np.array([8, 10, 10])).T
    region = ((region**2).sum(0) < 26) & (rng.uniform(size=field.shape) < 0.97)
    images = [sitk.GetImageFromArray(100 + 10 * field / field.std()), sitk.GetImageFromArray(region.astype(np.uint8))]
    for image in images:
        image.SetSpacing((2.0, 2.0, 3.0))
    return images[0], images[1]
