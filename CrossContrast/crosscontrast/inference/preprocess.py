"""From images on their own grids to the array that a network reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.geometry import continuous_index, reorient, resample_onto, resample_to_spacing
from crosscontrast.models.spec import Preprocessing

#: The bright end that ``foreground`` normalisation clips: vessels and fat would otherwise set the scale.
_CLIP_QUANTILE = 0.995
#: Up to this share of voxels may be darker than what fills the space around a body.
_FILL_QUANTILE = 0.001
#: Fewer positive voxels than this say nothing about the scale of an image.
_FEWEST_FOREGROUND = 100


@dataclass(frozen=True)
class Prepared:
    """An image's ``values`` (channel, then three axes in the preprocessing's order), not yet normalised, and grid."""

    values: np.ndarray
    grid: sitk.Image
    axes: str

    @property
    def spacing(self) -> tuple[float, ...]:
        """Millimetres along the three axes of the array."""
        spacing: tuple[float, ...] = self.grid.GetSpacing()
        return spacing[::-1] if self.axes == "kji" else spacing

    def index(self, point: Sequence[float]) -> tuple[float, ...]:
        """Return where a point in mm (RAS) lies, in voxels along the three axes of the array."""
        index = continuous_index(point, self.grid)
        return index[::-1] if self.axes == "kji" else index

    def to_image(self, values: np.ndarray) -> sitk.Image:
        """Put an array of three axes, as a network returns it per channel, back onto the grid."""
        image = sitk.GetImageFromArray(values if self.axes == "kji" else values.transpose(2, 1, 0))
        image.CopyInformation(self.grid)
        return image


def prepare(images: Sequence[sitk.Image], settings: Preprocessing) -> Prepared:
    """Reorient and resample float images; further channels are brought onto the grid of the first."""
    first = reorient(images[0], settings.orientation)
    if settings.spacing is not None:
        first = resample_to_spacing(first, settings.spacing)
    channels = [first, *(resample_onto(image, first) for image in images[1:])]
    arrays = [sitk.GetArrayFromImage(channel) for channel in channels]
    values = np.stack([a if settings.axes == "kji" else a.transpose(2, 1, 0) for a in arrays])
    return Prepared(np.ascontiguousarray(values, dtype=np.float32), first, settings.axes)


def normalise_channels(values: np.ndarray, method: str) -> np.ndarray:
    """Normalise each channel of (C, three axes) by itself; returns float32."""
    return np.stack([normalise(channel, method) for channel in values]).astype(np.float32, copy=False)


def normalise(values: np.ndarray, method: str, measured: np.ndarray | None = None) -> np.ndarray:
    """Normalise intensities by a method of :class:`crosscontrast.models.spec.Preprocessing`.

    Only voxels that were ``measured`` (a boolean array of the same shape; ``None``: all) decide how.
    """
    if method == "none":
        return values
    reference = values if measured is None else values[measured]
    if method == "minmax":
        low, high = float(reference.min()), float(reference.max())
        return (values - low) / max(high - low, 1e-6)
    if method in ("foreground", "robust"):
        reference = reference[reference > (0 if method == "foreground" else np.quantile(reference, _FILL_QUANTILE))]
        if reference.size < _FEWEST_FOREGROUND:
            return values
        floor = -np.inf if method == "foreground" else np.quantile(reference, 1 - _CLIP_QUANTILE)
        ends = floor, np.quantile(reference, _CLIP_QUANTILE)
        values, reference = np.clip(values, *ends), np.clip(reference, *ends)
    return (values - reference.mean(dtype=np.float64)) / (reference.std(dtype=np.float64) + 1e-6)
