"""Draws the thumbnails of the samples, which Slicer's module Sample Data shows: ``make screenshots`` calls it.

Each has the middle slices of up to two of the sample's images beside each other.
"""

import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image

from crosscontrast.desk.samples import SAMPLES, make_sample

FOLDER = Path(__file__).resolve().parents[2] / "CrossContrast" / "Resources" / "Samples"
SIDE = 128


def slice_of(path: Path) -> Image.Image:
    """The middle sagittal slice, head up, as a square of grey levels."""
    image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    voxels = sitk.GetArrayFromImage(image)
    values = voxels[::-1, :, voxels.shape[2] // 2].astype(float)
    low, high = np.percentile(values, [1, 99.5])
    grey = (255 * np.clip((values - low) / max(high - low, 1e-6), 0, 1)).astype(np.uint8)
    return Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def main() -> None:
    """Write a picture per sample."""
    FOLDER.mkdir(exist_ok=True)
    for name in SAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            shown = make_sample(name, Path(folder) / name)[:2]
            picture = Image.new("L", (SIDE * len(shown), SIDE))
            for number, path in enumerate(shown):
                picture.paste(slice_of(path), (SIDE * number, 0))
            picture.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
