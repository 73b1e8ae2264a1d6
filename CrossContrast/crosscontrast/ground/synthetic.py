"""How an image is marked that no scanner made, and whether a file is."""

from pathlib import Path

import SimpleITK as sitk

#: Begins what is said of such an image, and ends its name where people see it.
SYNTHETIC = "SYNTHETIC"
#: ITK's name of NIfTI's field ``descrip``, which holds 79 letters.
NOTES = "ITK_FileNotes"
_LETTERS = 79


def mark_header(image: sitk.Image, output: str, model: str) -> None:
    """Let the NIfTI header of ``image`` say that it is the ``output`` of ``model`` and was not acquired."""
    image.SetMetaData(NOTES, f"{SYNTHETIC}, not acquired: {output} by {model} of CrossContrast"[:_LETTERS])


def synthetic_output_of(path: Path) -> str:
    """Return the contrast that a NIfTI file was made in, if its header says that it was; empty for any other file."""
    if not path.name.endswith((".nii", ".nii.gz")) or not path.is_file():
        return ""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return ""
    said = reader.GetMetaData(NOTES) if reader.HasMetaDataKey(NOTES) else ""
    return said.partition(": ")[2].partition(" by ")[0] or "image" if said.startswith(SYNTHETIC) else ""
