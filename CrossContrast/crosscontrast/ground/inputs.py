"""From what a user names on the command line to the images that are meant."""

from collections.abc import Callable, Sequence
from pathlib import Path

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem, is_image_name


def find_images(
    paths: Sequence[Path],
    *,
    series: Sequence[str] = (),
    modality: str = "",
    unique: bool = True,
    tell: Callable[[str], None] | None = None,
) -> list[Path]:
    """Return the images meant: files as named, a DICOM folder as it is, and the images inside any other folder.

    Of a folder with several DICOM series (a study) every volume is an image, named ``FOLDER/NAME.dcmseries``, see
    :mod:`crosscontrast.ground.dicom.study`. ``series`` chooses by UID, number, description or name. If it is empty,
    single slices are left out, and where the study has volumes of ``modality``, those of others are. ``tell`` gets a
    sentence about all that was left out.

    Whether a file is a usable image is found out when it is read, so that one bad file does not stop the others. Raises
    :class:`BadInputError` for a folder without images and, where they must be ``unique``, for two images whose results
    would have the same name.
    """
    images: list[Path] = []
    for path in paths:
        images.extend(_images_in(path, series, modality, tell or _unsaid) if path.is_dir() else [path])
    if unique:
        check_unique(images, [Path(image_stem(image)) for image in images])
    return images


def _unsaid(_: str) -> None:
    """Tell nobody."""


def _images_in(folder: Path, series: Sequence[str], modality: str, tell: Callable[[str], None]) -> list[Path]:
    inside = sorted(p for p in folder.iterdir() if p.is_file() and is_image_name(p) and not p.name.startswith("."))
    if inside and not series:
        return inside
    from crosscontrast.ground.dicom.study import SERIES_EXTENSION, read_study

    study = read_study(folder)
    if not study.volumes and not study.left_out:
        raise BadInputError(f"The folder {folder} holds no image (NIfTI, NRRD, MHA, MGZ or a DICOM series).")
    if len(study.volumes) <= 1 and not series:
        return [folder]  # which is read, or refused with the reason, as one image
    chosen, left_out = study.chosen(series, modality)
    for sentence in [*study.left_out, *left_out]:
        tell(f"{folder.name}: {sentence}")
    if not chosen:
        asked = f"no DICOM series {', '.join(series)}" if series else "no DICOM series that can be used"
        known = ", ".join(volume.name for volume in study.volumes)
        raise BadInputError(f"The folder {folder} holds {asked}; it has {known or 'none'}.")
    return [folder / f"{volume.name}{SERIES_EXTENSION}" for volume in chosen]


def check_unique(images: Sequence[Path], places: Sequence[Path]) -> None:
    """Raise :class:`BadInputError` where two images would give results at the same place (folder and first name)."""
    seen: dict[str, Path] = {}
    for image, place in zip(images, places, strict=True):
        # Disks of Windows and macOS take X.nii and x.nii for the same file.
        other = seen.setdefault(str(place).lower(), image)
        if other is not image:
            raise BadInputError(
                f"{other} and {image} would both give results called {place.name}.",
                "segment them into different folders, or part them with --name-by parent",
            )
