"""From what a user names on the command line to the images that are meant."""

from collections.abc import Sequence
from pathlib import Path

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem, is_image_name


def find_images(paths: Sequence[Path], *, unique: bool = True) -> list[Path]:
    """Return the images meant: files as named, a DICOM folder as it is, and the images inside any other folder.

    Whether a file is a usable image is found out when it is read, so that one bad file does not stop the others. Raises
    :class:`BadInputError` for a folder without images and, where they must be ``unique``, for two images whose results
    would have the same name.
    """
    images: list[Path] = []
    for path in paths:
        images.extend(_images_in(path) if path.is_dir() else [path])
    if unique:
        check_unique(images, [Path(image_stem(image)) for image in images])
    return images


def _images_in(folder: Path) -> list[Path]:
    from crosscontrast.ground.dicom import dicom_series

    inside = sorted(p for p in folder.iterdir() if p.is_file() and is_image_name(p) and not p.name.startswith("."))
    if inside:
        return inside
    if dicom_series(folder):
        return [folder]
    raise BadInputError(f"The folder {folder} holds no image (NIfTI, NRRD, MHA, MGZ or a DICOM series).")


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
