"""DICOM series in folders."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import native_stderr_silenced

#: Largest relative deviation of a gap between neighbouring slices from the usual gap before slices count as missing.
_GAP_TOLERANCE = 0.05


def dicom_series(folder: Path) -> dict[str, list[str]]:
    """Return the DICOM series of a folder: series UID -> file names sorted along the slice normal."""
    # GDCM prints a line for every file that is not DICOM.
    with native_stderr_silenced():
        return {
            uid: list(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid))
            for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
        }


def read_dicom_series(folder: Path) -> sitk.Image:
    """Read the one DICOM series of a folder.

    Raises :class:`BadInputError` where there is no series, more than one, or a series whose slices are not evenly
    spaced: filling the gap silently would move anatomy.
    """
    series = dicom_series(folder)
    if not series:
        raise BadInputError(f"The folder {folder} holds no image that can be read (NIfTI, NRRD, MHA or DICOM).")
    if len(series) > 1:
        raise BadInputError(
            f"The folder {folder} holds {len(series)} DICOM series; one is expected.",
            "put each into its own folder",
        )
    (files,) = series.values()
    if len(files) > 1:
        _check_spacing(files, folder)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    try:
        return reader.Execute()
    except RuntimeError as error:
        raise BadInputError(f"The DICOM series in {folder} cannot be read: its slices do not fit together.") from error


def _check_spacing(files: list[str], folder: Path) -> None:
    origins = []
    for file in files:
        reader = sitk.ImageFileReader()
        reader.SetFileName(file)
        reader.ReadImageInformation()
        origins.append(reader.GetOrigin()[:3])
    gaps = np.linalg.norm(np.diff(np.array(origins), axis=0), axis=1)
    usual = float(np.median(gaps))
    if usual == 0 or np.abs(gaps - usual).max() > _GAP_TOLERANCE * usual:
        raise BadInputError(
            f"The DICOM series in {folder} has missing or doubled slices: gaps between neighbours go from "
            f"{gaps.min():.2f} to {gaps.max():.2f} mm."
        )
