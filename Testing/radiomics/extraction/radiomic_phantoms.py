"""Images with a known texture for the tests of radiomics."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

#: The digital phantom of IBSI 1 (Zwanenburg et al., Radiology 295:328-338, 2020): grey levels (z, y, x).
IBSI_LEVELS = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [1, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 9, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ]
)
_IBSI_OUTSIDE = ((1, 2, 0), (2, 0, 3), (2, 0, 4), (2, 2, 2), (3, 0, 3), (3, 0, 4))


def ibsi_phantom() -> tuple[sitk.Image, sitk.Image]:
    """Return image (float64) and mask (uint8) of the digital phantom."""
    region = np.ones(IBSI_LEVELS.shape, np.uint8)
    for voxel in _IBSI_OUTSIDE:
        region[voxel] = 0
    images = [sitk.GetImageFromArray(part) for part in (IBSI_LEVELS.astype(np.float64), region)]
    for image in images:
        image.SetSpacing((2.0, 2.0, 2.0))
    return images[0], images[1]


def write_case(folder: Path, name: str, values: np.ndarray, mask: np.ndarray) -> tuple[Path, Path]:
    """Write ``<name>_image.nii.gz`` and ``<name>_mask.nii.gz`` with voxels of 1 mm."""
    paths = folder / f"{name}_image.nii.gz", folder / f"{name}_mask.nii.gz"
    for array, path in zip((values.astype(np.float32), mask), paths, strict=True):
        sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return paths


def blob(size: int = 14, radius: float = 5.0) -> np.ndarray:
    """Return a uint8 mask (size, size, size) of a ball in the middle."""
    grid = np.indices((size,) * 3) - (size - 1) / 2
    return (np.sqrt((grid**2).sum(0)) <= radius).astype(np.uint8)


def texture(seed: int, size: int = 14, coarse: float = 1.5, spread: float = 20.0) -> np.ndarray:
    """Return a random texture (size, size, size) around 100 with standard deviation ``spread``."""
    from scipy import ndimage

    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((size,) * 3), coarse)
    return 100 + spread * field / field.std()
