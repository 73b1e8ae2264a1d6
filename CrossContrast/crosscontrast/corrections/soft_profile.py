"""How a soft mask rises across the surface of the object that it shows."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize, special

#: Fewer voxels than this on the surface say nothing about how soft it is.
_FEWEST = 20


@dataclass(frozen=True)
class SoftProfile:
    """Soft value as a function of the signed distance from the surface in mm, positive inside; never falls.

    Linear between the ``distances``, which grow; 0 far outside and 1 far inside.
    """

    distances: np.ndarray
    values: np.ndarray

    def __call__(self, distances: np.ndarray) -> np.ndarray:
        """Return the soft values at these signed distances (mm, may be infinite)."""
        return np.interp(distances, self.distances, self.values)


def default_profile(spacing: tuple[float, ...]) -> SoftProfile:
    """Return the profile of an edge that is blurred by one voxel, for where no prediction shows a better one.

    An error function whose standard deviation is the middle one of the voxel's sizes: .5 on the surface, .69 in the
    outermost voxel of a mask, .98 in the second one.
    """
    sigma = float(np.median(spacing))
    steps = np.linspace(-4, 4, 81)
    values = special.ndtr(steps)
    values[[0, -1]] = 0, 1
    return SoftProfile(steps * sigma, values)


def fit_profile(soft: np.ndarray, distances: np.ndarray, spacing: tuple[float, ...]) -> SoftProfile:
    """Fit the profile that a soft mask shows at voxels with these signed distances (mm, finite) from its surface.

    Isotonic least squares, so that no shape is imposed but that it rises. What lies outside the distances seen goes on
    to 0 and 1 over one voxel. Where there are too few voxels it is :func:`default_profile`.
    """
    if np.count_nonzero(distances > 0) < _FEWEST or np.count_nonzero(distances < 0) < _FEWEST:
        return default_profile(spacing)
    step = float(np.median(spacing))
    bins = np.round(distances / (step / 10)).astype(np.int64)
    first = bins.min()
    counts = np.bincount(bins - first)
    seen = counts > 0
    places = np.bincount(bins - first, weights=distances)[seen] / counts[seen]
    means = np.bincount(bins - first, weights=soft)[seen] / counts[seen]
    rising = np.clip(optimize.isotonic_regression(means, weights=counts[seen]).x, 0, 1)
    return SoftProfile(
        np.concatenate([[places[0] - step], places, [places[-1] + step]]), np.concatenate([[0.0], rising, [1.0]])
    )


def surface_distance(mask: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the signed distance in mm of every voxel's centre from the surface of a boolean mask, positive inside.

    ``spacing`` is the voxel's size along the array's axes. The surface runs along the faces of the voxels, and the
    distance is measured on the line to the nearest voxel of the other side. Without an other side it is infinite: a
    mask that leaves the image does not end there.
    """
    distances = np.full(mask.shape, np.inf if mask.all() else -np.inf)
    if mask.all() or not mask.any():
        return distances
    for side, sign in ((mask, 1), (~mask, -1)):
        distances[side] = sign * _beyond(side, spacing)[side]
    return distances


def _beyond(side: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Distance to the face of the nearest voxel that is not of this side."""
    lengths, nearest = ndimage.distance_transform_edt(side, sampling=spacing, return_indices=True)
    share = np.full(side.shape, np.inf)
    for axis in range(side.ndim):
        own = np.arange(side.shape[axis]).reshape([-1 if a == axis else 1 for a in range(side.ndim)])
        away = np.abs(nearest[axis] - own)
        # The line leaves the other voxel half a voxel from its centre along the axis that it crosses first.
        share = np.minimum(share, np.divide(0.5, away, out=np.full(side.shape, np.inf), where=away > 0))
    return lengths * (1 - np.minimum(share, 1))
