"""What the images looked like that a model was trained with: the yardstick of the gate."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydantic import BaseModel, ValidationError

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.images import read_image
from crosscontrast.progress import Progress, silent
from crosscontrast.radiomics.gate.descriptor import describe

#: With fewer images their spread is not known.
FEWEST = 8


class Range(BaseModel):
    """Smallest and largest value in training."""

    low: float
    high: float


class TrainingProfile(BaseModel):
    """Geometry, intensities and descriptors of training images.

    ``spacings`` and ``extents`` (mm) are sorted from the finest and the shortest axis on, so that orientation does not
    matter; ``darkest`` and ``brightest`` are the 1 % and 99 % quantiles; ``distances`` are those of each training image
    from the others, which tell what is usual.
    """

    images: int
    spacings: list[Range]
    extents: list[Range]
    darkest: Range
    brightest: Range
    mean: list[float]
    precision: list[list[float]]
    distances: list[float]

    def distance(self, descriptor: np.ndarray) -> float:
        """Return the Mahalanobis distance of a descriptor from the training images."""
        return _distance(descriptor, np.array(self.mean), np.array(self.precision))

    def write(self, path: Path) -> None:
        """Write the profile as JSON."""
        with atomic_write(path) as temporary:
            temporary.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "TrainingProfile":
        """Read a profile; raises :class:`BadInputError` naming the file."""
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
        except (ValidationError, UnicodeDecodeError) as error:
            raise BadInputError(f"{path} is no profile of training images.") from error


def build_profile(paths: Sequence[Path], progress: Progress = silent) -> TrainingProfile:
    """Describe training images; raises :class:`BadInputError` for an image that cannot be used and for too few."""
    if len(paths) < FEWEST:
        raise BadInputError(f"{len(paths)} training images are too few for a profile (at least {FEWEST}).")
    geometry, quantiles, descriptors = [], [], []
    for number, path in enumerate(paths):
        progress(number, len(paths), f"describing {path.name}")
        image = read_image(path)
        geometry.append(geometry_of(image))
        quantiles.append(ends_of(image))
        descriptors.append(describe(image, path.name))
    spacings, extents = (np.array(part) for part in zip(*geometry, strict=True))
    table = np.array(descriptors)
    mean, precision = _fit(table)
    return TrainingProfile(
        images=len(paths),
        spacings=[_range(column) for column in spacings.T],
        extents=[_range(column) for column in extents.T],
        darkest=_range(np.array(quantiles)[:, 0]),
        brightest=_range(np.array(quantiles)[:, 1]),
        mean=mean.tolist(),
        precision=precision.tolist(),
        distances=[_distance(table[k], *_fit(np.delete(table, k, 0))) for k in range(len(table))],
    )


def geometry_of(image: sitk.Image) -> tuple[list[float], list[float]]:
    """Return sorted spacings and extents in mm."""
    spacing = image.GetSpacing()
    return sorted(spacing), sorted(s * n for s, n in zip(spacing, image.GetSize(), strict=True))


def ends_of(image: sitk.Image) -> tuple[float, float]:
    """Return the 1 % and 99 % quantiles of the finite values; raises :class:`BadInputError` where there is none."""
    values = sitk.GetArrayFromImage(image).astype(float)
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise BadInputError("The image has no voxel with a finite value.")
    low, high = np.quantile(finite, [0.01, 0.99])
    return float(low), float(high)


def _fit(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and precision; the covariance is shrunk (Ledoit and Wolf 2004), as images are few."""
    from sklearn.covariance import LedoitWolf

    spread = np.maximum(table.std(0), 1e-6)
    fitted = LedoitWolf().fit((table - table.mean(0)) / spread)
    return table.mean(0), fitted.precision_ / np.outer(spread, spread)


def _distance(descriptor: np.ndarray, mean: np.ndarray, precision: np.ndarray) -> float:
    away = descriptor - mean
    return float(np.sqrt(max(0.0, away @ precision @ away)))


def _range(values: np.ndarray) -> Range:
    return Range(low=float(values.min()), high=float(values.max()))
