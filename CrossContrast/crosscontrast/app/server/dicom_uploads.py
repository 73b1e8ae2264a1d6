"""Volumes of DICOM files that came from a browser: one of every series in them."""

from collections.abc import Sequence
from pathlib import Path

from crosscontrast.app.server.checks import clean_name, header_of, promised_bytes
from crosscontrast.app.server.plan import Limits
from crosscontrast.errors import BadInputError, CrossContrastError
from crosscontrast.ground.dicom import dicom_series
from crosscontrast.ground.images import read_image, write_image

_DESCRIPTION = "0008|103e"


def settle_series(files: Sequence[Path], work: Path, limits: Limits) -> tuple[list[Path], list[str]]:
    """Make a file of each DICOM series among ``files``, in ``work``, and return them and why others could not be made.

    Raises :class:`BadInputError` where there is no series, or none that can be used.
    """
    everything = work / "dicom"
    everything.mkdir()
    for number, path in enumerate(files):
        path.replace(everything / f"{number:06d}.dcm")
    series = list(dicom_series(everything).values())
    if not series:
        which = "The file sent is" if len(files) == 1 else f"The {len(files)} files sent are"
        raise BadInputError(f"{which} no NIfTI, NRRD, MHA or DICOM image.")
    made: list[Path] = []
    problems: list[str] = []
    for number, found in enumerate(series):
        folder = work / f"series-{number}"
        folder.mkdir()
        try:
            made.append(_settle_one([Path(name) for name in found], folder, limits))
        except CrossContrastError as error:
            problems.append(error.message)
    if not made:
        raise BadInputError(problems[0])
    return made, problems


def _settle_one(files: Sequence[Path], folder: Path, limits: Limits) -> Path:
    name = _name_of(files[0])
    if promised_bytes(files[0], f"The DICOM series {name}") * len(files) > limits.volume_bytes:
        raise BadInputError(
            f"The DICOM series {name} is larger than the {limits.volume_bytes >> 20} MiB that are allowed here."
        )
    slices = folder / "slices"
    slices.mkdir()
    for path in files:
        path.replace(slices / path.name)
    try:
        image = read_image(slices)
    except CrossContrastError as error:
        told = error.message.replace(f"The folder {slices}", f"The DICOM series {name}")
        told = told.replace(f"series in {slices}", f"series {name}")
        raise BadInputError(told, error.hint) from error
    write_image(image, folder / f"{name}.nrrd")
    return folder / f"{name}.nrrd"


def _name_of(path: Path) -> str:
    """What the scanner called the series, which names no patient."""
    try:
        reader = header_of(path)
    except RuntimeError:
        return "dicom_series"
    described = reader.GetMetaData(_DESCRIPTION) if reader.HasMetaDataKey(_DESCRIPTION) else ""
    return clean_name(described).strip("_") or "dicom_series"
