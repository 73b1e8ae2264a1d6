"""From what a user names on the command line to the images that are meant."""

from collections.abc import Callable, Sequence
from pathlib import Path

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem, is_image_name

#: How the names end of what we make of an image that is itself none.
_RESULTS = ("_softseg", "_seg", "_uncertainty", "_cycle", "_proposal", "_confidence")


def find_images(
    paths: Sequence[Path],
    *,
    series: Sequence[str] = (),
    modality: str = "",
    unique: bool = True,
    results: bool = False,
    tell: Callable[[str], None] | None = None,
) -> list[Path]:
    """Return the images meant: files as named, a DICOM folder as it is, and the images inside any other folder.

    Of a folder with several DICOM series (a study) every volume is an image, named ``FOLDER/NAME.dcmseries``, see
    :mod:`crosscontrast.ground.dicom.study`. ``series`` chooses by UID, number, description or name. If it is empty,
    single slices are left out, and where the study has volumes of ``modality``, those of others are. Beside a DICOM
    series in the folder itself other images are left out, as they are mostly made of it. So are the masks and maps that
    lie there as results of ours, unless ``results`` are wanted. ``tell`` gets a sentence about all that was left out.

    Whether a file is a usable image is found out when it is read, so that one bad file does not stop the others. Raises
    :class:`BadInputError` for a folder without images and, where they must be ``unique``, for two images whose results
    would have the same name.
    """
    images: list[Path] = []
    for path in paths:
        images.extend(_images_in(path, series, modality, results, tell or _unsaid) if path.is_dir() else [path])
    if unique:
        check_unique(images, [Path(image_stem(image)) for image in images])
    return images


def _unsaid(_: str) -> None:
    """Tell nobody."""


def _images_in(
    folder: Path, series: Sequence[str], modality: str, results: bool, tell: Callable[[str], None]
) -> list[Path]:
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    inside = [path for path in files if is_image_name(path)]
    ours = [] if results else _ours(folder, inside)
    if ours:
        tell(f"{folder.name}: {_named(ours)} left out: results of ours and no images.")
        inside = [path for path in inside if path not in ours]
    with_dicom = any(_looks_dicom(path) for path in files if not is_image_name(path))
    if inside and not series and not with_dicom:
        return inside
    from crosscontrast.ground.dicom.study import SERIES_EXTENSION, read_study

    study = read_study(folder)
    if inside and not study.volumes and not series:
        for sentence in study.left_out:
            tell(f"{folder.name}: {sentence}")
        return inside
    if inside and not series:
        tell(f"{folder.name}: {_named(inside)} left out beside a DICOM series; name what you want of it as a file.")
    if not study.volumes and not study.left_out:
        if ours:
            raise BadInputError(f"The folder {folder} holds no image but results of ours.")
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


def _ours(folder: Path, images: Sequence[Path]) -> list[Path]:
    """Return those that are masks and maps which a sidecar in the folder records as results of ours."""
    from crosscontrast.ground.provenance import Provenance

    named = [path for path in images if image_stem(path).lower().endswith(_RESULTS)]
    made = [Provenance.read(path) for path in folder.glob("*.json")] if named else []
    recorded = {record.path for provenance in made if provenance for record in provenance.outputs}
    return [path for path in named if path.name in recorded]


def _looks_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM" or path.suffix.lower() in (".dcm", ".ima")
    except OSError:
        return False


def _named(paths: Sequence[Path]) -> str:
    first = ", ".join(path.name for path in paths[:3])
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"{first}{more} {'was' if len(paths) == 1 else 'were'}"


def check_unique(
    images: Sequence[Path],
    places: Sequence[Path],
    hint: str = "segment them into different folders, or part them with --name-by parent",
) -> None:
    """Raise :class:`BadInputError` where two images would give results at the same place (folder and first name)."""
    seen: dict[str, Path] = {}
    for image, place in zip(images, places, strict=True):
        # Disks of Windows and macOS take X.nii and x.nii for the same file.
        other = seen.setdefault(str(place).lower(), image)
        if other is not image:
            raise BadInputError(
                f"{other} and {image} would both give results called {place.name}.",
                hint,
            )
