"""What is asked of any file that came from a browser."""

import re
from pathlib import Path

import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import native_stderr_silenced


def clean_name(text: str) -> str:
    """Make a file name of harmless characters of a text; it may be empty."""
    return re.sub(r"[^\w.+-]+", "_", text).lstrip(".-")[-100:]


def header_of(path: Path) -> sitk.ImageFileReader:
    """Read the header of an image and nothing more; raises :class:`RuntimeError` where ITK cannot."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    with native_stderr_silenced():
        reader.ReadImageInformation()
    return reader


def promised_bytes(path: Path, name: str) -> int:
    """Bytes that the voxels will take in memory, by the header."""
    try:
        reader = header_of(path)
    except RuntimeError as error:
        raise BadInputError(f"{name} is not a readable NIfTI, NRRD, MHA or DICOM image.") from error
    voxel = sitk.Image([1, 1], reader.GetPixelID(), reader.GetNumberOfComponents()).GetSizeOfPixelComponent()
    total = voxel * reader.GetNumberOfComponents()
    for extent in reader.GetSize():
        total *= extent
    return int(total)
