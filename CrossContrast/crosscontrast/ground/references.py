"""Headers that name other files. Whoever wrote such a header chooses which of our files is opened and shown."""

import os
from collections.abc import Iterable
from pathlib import Path

from crosscontrast.errors import BadInputError
from crosscontrast.ground.metaimage_header import metaimage_fields
from crosscontrast.ground.nifti_plain import nifti_kind, nifti_start
from crosscontrast.ground.nrrd_header import nrrd_fields
from crosscontrast.ground.plain import other_file, unreadable

#: In the environment, so that workers, which are processes of their own, know it too.
_NAMED = "CROSSCONTRAST_NAMED_HEADERS"
#: ITK's reader of each format, so that no other one is tried on the file: several of them follow names.
_READERS = {
    ".nii": "NiftiImageIO", ".nii.gz": "NiftiImageIO", ".nrrd": "NrrdImageIO", ".nhdr": "NrrdImageIO",
    ".mha": "MetaImageIO", ".mhd": "MetaImageIO",
}  # fmt: skip


def reader_of(path: Path) -> str:
    """Return the name of ITK's reader for a file, by the file's name; DICOM where the name says nothing."""
    lower = path.name.lower()
    return next((reader for ending, reader in _READERS.items() if lower.endswith(ending)), "GDCMImageIO")


def name_headers(paths: Iterable[Path]) -> None:
    """Remember headers that the user named on the command line; voxels beside them may be read."""
    os.environ[_NAMED] = "\n".join(os.path.realpath(path) for path in paths)


def was_named(path: Path) -> bool:
    """Whether the user named this very header on the command line."""
    return os.path.realpath(path) in os.environ.get(_NAMED, "").split("\n")


def refuse_foreign_references(path: Path, *, beside_ok: bool) -> None:
    """Raise :class:`BadInputError` where the header of an image names another file, or may be understood to do so.

    With ``beside_ok`` it may name one that lies beside it, as detached NRRD and MetaImage do. A file whose content is
    not of the format that its name says is refused too: a reader that looks at the content would follow other rules.
    DICOM names no files.
    """
    reader = reader_of(path)
    if reader == "NiftiImageIO":
        _, _, mark = nifti_kind(nifti_start(path)[0])
        if mark != "one":
            raise other_file(path) if mark else unreadable(path)
        return
    if reader == "GDCMImageIO":
        return
    fields, _ = nrrd_fields(path) if reader == "NrrdImageIO" else metaimage_fields(path)
    named = fields.get("datafile" if reader == "NrrdImageIO" else "elementdatafile", "LOCAL")
    if named.upper() == "LOCAL":
        return
    if beside_ok and _is_plain(named) and not (path.parent / named).is_file():
        raise BadInputError(f"{path} is incomplete: the file of its voxels, {named}, is not beside it.")
    if not (beside_ok and _is_beside(named, path)):
        raise BadInputError(
            f"{path} keeps its voxels in another file and was refused.",
            "voxels beside a header are read where the header itself is named on the command line",
        )


def _is_beside(named: str, header: Path) -> bool:
    """Whether a name is that of one file in the header's folder, and no link to elsewhere."""
    data = header.parent / named
    return _is_plain(named) and data.is_file() and data.resolve().parent == header.resolve().parent


def _is_plain(named: str) -> bool:
    """Whether a name is that of one file and no path, pattern or list of files."""
    return named not in ("", ".", "..", "LIST") and not any(sign in named for sign in "/\\:%\0")
