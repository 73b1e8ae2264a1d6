"""Volumes of DICOM files that came from a browser: every one that can be made of them."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from crosscontrast.app.server.plan import Limits
from crosscontrast.errors import BadInputError, CrossContrastError
from crosscontrast.ground.dicom.study import DicomVolume, read_study
from crosscontrast.ground.images import write_image


def settle_series(files: Sequence[tuple[str, Path]], work: Path, limits: Limits) -> tuple[list[Path], list[str]]:
    """Make a file of each volume in the DICOM ``files`` (name and path), in ``work``; return them and what is left out.

    Raises :class:`BadInputError` where there is no series, or none that can be used.
    """
    everything = work / "dicom"
    for number, (name, path) in enumerate(files):
        # Two files may have one name, and the name is what people hear of a file that is left out.
        (everything / f"{number:06d}").mkdir(parents=True)
        shutil.move(path, everything / f"{number:06d}" / name)
    study = read_study(everything)
    if not study.volumes and not study.left_out:
        which = "The file sent is" if len(files) == 1 else f"The {len(files)} files sent are"
        raise BadInputError(f"{which} no NIfTI, NRRD, MHA or DICOM image.")
    made: list[Path] = []
    problems = list(study.left_out)
    for number, volume in enumerate(study.volumes):
        folder = work / f"series-{number}"
        folder.mkdir()
        try:
            made.append(_settle_one(volume, folder, limits))
        except CrossContrastError as error:
            problems.append(error.message.replace(str(volume.files[0].parent.parent), volume.name))
    if not made:
        raise BadInputError(problems[0])
    return made, problems


def _settle_one(volume: DicomVolume, folder: Path, limits: Limits) -> Path:
    if volume.promised_bytes > limits.volume_bytes:
        raise BadInputError(
            f"The DICOM series {volume.name} is larger than the {limits.volume_bytes >> 20} MiB that are allowed here."
        )
    path = folder / f"{volume.name}.nrrd"
    write_image(volume.image(), path)
    return path
