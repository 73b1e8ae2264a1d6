"""The grid that a phantom is painted on, and random smooth shapes on it."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage


@dataclass(frozen=True)
class Grid:
    """A cube of ``size`` voxels a side of ``spacing`` mm, centred on the organ; arrays on it are (k, j, i).

    i grows to the left, j to the back and k to the top of the patient, as ITK's world does.
    """

    size: int
    spacing: float

    def points(self) -> np.ndarray:
        """Return the place of each voxel in mm, as (3, k, j, i) in the order up, back, left."""
        axis = (np.arange(self.size) - (self.size - 1) / 2) * self.spacing
        return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))

    def to_image(self, values: np.ndarray) -> sitk.Image:
        """Put an array (k, j, i) onto the grid."""
        image = sitk.GetImageFromArray(values)
        image.SetSpacing([self.spacing] * 3)
        image.SetOrigin([-(self.size - 1) / 2 * self.spacing] * 3)
        return image

    def smooth_field(self, random: np.random.Generator, scale: float) -> np.ndarray:
        """Draw a field (k, j, i) of mean 0 and deviation 1 whose details are about ``scale`` mm wide."""
        noise = ndimage.gaussian_filter(random.standard_normal((self.size,) * 3), scale / self.spacing, mode="wrap")
        return (noise - noise.mean()) / max(float(noise.std()), 1e-9)


def ellipsoid(points: np.ndarray, centre: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return each point's distance from ``centre`` in units of the radii: below 1 inside. All in up, back, left."""
    shape = (3, 1, 1, 1)
    return np.sqrt((((points - centre.reshape(shape)) / radii.reshape(shape)) ** 2).sum(0))
