"""Bringing an image into a correction dataset."""

from pathlib import Path

import SimpleITK as sitk

from crosscontrast.corrections.storage import copy_compressed
from crosscontrast.ground.images import write_image

IMAGE = "image.nii.gz"


def stage_image(source: Path, image: sitk.Image, folder: Path) -> Path:
    """Write the image that was read from ``source`` into ``folder`` as compressed NIfTI and return its path.

    A NIfTI file keeps every byte of its header and voxels, so that masks made for the one fit the other.
    """
    target = folder / IMAGE
    if source.is_file() and source.name.lower().endswith((".nii", ".nii.gz")):
        copy_compressed(source, target)
    else:
        write_image(image, target)
    return target
