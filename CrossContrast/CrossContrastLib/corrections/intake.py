"""Bringing an image into a correction dataset."""

import gzip
import shutil
from pathlib import Path

import SimpleITK as sitk

from CrossContrastLib.ground.images import write_image

IMAGE = "image.nii.gz"


def stage_image(source: Path, image: sitk.Image, folder: Path) -> Path:
    """Write the image that was read from ``source`` into ``folder`` as compressed NIfTI and return its path.

    A NIfTI file keeps every byte of its header and voxels, so that masks made for the one fit the other.
    """
    target = folder / IMAGE
    lower = source.name.lower()
    if source.is_file() and lower.endswith(".nii.gz"):
        shutil.copyfile(source, target)
    elif source.is_file() and lower.endswith(".nii"):
        # Without a time stamp, the same image gives the same bytes.
        with source.open("rb") as plain, target.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            shutil.copyfileobj(plain, packed)
    else:
        write_image(image, target)
    return target
