"""Image files that ITK does not read, or not safely: FreeSurfer's, pairs of files, NIfTI-2."""

import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.arrays import as_image
from crosscontrast.ground.files import PAIR
from crosscontrast.ground.nifti import geometry_remarks, incomplete, read_header, read_values, values_of
from crosscontrast.ground.nifti_header import Header
from crosscontrast.ground.plain import several_values, unreadable

#: Deflate cannot compress by more than this to 1.
_DEFLATE = 1032
_FREESURFER = (".mgz", ".mgh")


def is_other(path: Path) -> bool:
    """Tell by its name whether a file is one that :func:`read_other` reads."""
    return path.suffix.lower() in (*_FREESURFER, *PAIR)


def files_of(path: Path) -> tuple[Path, Path]:
    """Return the files of header and voxels: one and the same, but for the pair ``.hdr`` and ``.img``.

    Raises :class:`BadInputError` where one of the pair is missing, or lies elsewhere (a link).
    """
    if path.suffix.lower() not in PAIR:
        return path, path
    folder = {p.name.lower(): p for p in path.parent.iterdir()}
    names = [path.name.lower()[:-4] + ending for ending in PAIR]
    missing = [name for name in names if name not in folder or not folder[name].is_file()]
    if missing:
        raise BadInputError(f"{path} is incomplete: there is no {missing[0]} beside it.")
    header, voxels = (folder[name] for name in names)
    if header.resolve().parent != voxels.resolve().parent:
        raise BadInputError(f"{path} keeps its voxels in another folder and was refused.")
    return header, voxels


def read_other(path: Path) -> tuple[sitk.Image, list[str]]:
    """Read a ``.mgz``, ``.mgh``, ``.hdr`` or ``.img`` file, with a sentence for each doubt about its place.

    Raises :class:`BadInputError` naming the file.
    """
    header_file, voxels = files_of(path)
    header = read_header(header_file) if header_file != voxels else None
    if header is None:
        return _read_foreign(path, header_file)
    if not header.pair:
        raise unreadable(path, "its header is that of a single file")
    _check_shape(path, header.size)
    image = _placed(path, values_of(path, header, np.memmap(voxels, np.uint8, "r").data), header)
    return image, list(geometry_remarks(header_file, header, image))


def read_by_header(path: Path, header: Header) -> sitk.Image:
    """Read a NIfTI file of version 2, of which ITK takes none."""
    _check_shape(path, header.size)
    return _placed(path, read_values(path), header)


def grid_by_header(path: Path, header: Header) -> sitk.Image:
    """Return an empty image (uint8) where :func:`read_by_header` puts the voxels."""
    return _placed(path, np.zeros(header.shape[::-1], np.uint8), header)


def _placed(path: Path, values: np.ndarray, header: Header) -> sitk.Image:
    """Put voxels (k, j, i) where the header says, or by their steps alone, as ITK does."""
    affine = header.affine
    if affine is None:
        affine = np.diag([*(-step or -1.0 for step in header.pixdim[:2]), header.pixdim[2] or 1.0, 1.0])
    return _as_image(path, values.transpose(), affine)


def _read_foreign(path: Path, header: Path) -> tuple[sitk.Image, list[str]]:
    """Read what nibabel reads and NIfTI is not: FreeSurfer's format, and Analyze, which says no orientation."""
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    try:
        found = cast("Any", nibabel.load(header))
        stored = math.prod(found.shape) * found.get_data_dtype().itemsize
        on_disk = files_of(path)[1].stat().st_size
        _check_shape(path, found.shape)
        if found.get_data_dtype().kind not in "iuf":
            raise several_values(path)
        if stored > on_disk * (_DEFLATE if path.suffix.lower() == ".mgz" else 1):
            raise incomplete(path, stored, on_disk)
        values = np.asanyarray(found.dataobj).reshape((*found.shape, 1, 1)[:3])
    except (ImageFileError, HeaderDataError, KeyError) as error:
        raise unreadable(path) from error
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise BadInputError(f"{path} cannot be read: its voxels are incomplete or damaged.") from error
    return _as_image(path, values, found.affine), list(_foreign_remarks(path, found.header))


def _foreign_remarks(path: Path, header: Any) -> Iterator[str]:
    known = path.suffix.lower() in _FREESURFER and int(header["goodRASFlag"]) == 1
    if not known:
        yield "the file does not say its orientation, so left and right, front and back, top and bottom are a guess"


def _check_shape(path: Path, shape: tuple[int, ...]) -> None:
    if len(shape) < 3:
        raise BadInputError(f"{path} is a 2-D image; a 3-D volume is expected.")
    if any(extent > 1 for extent in shape[3:]):
        size = " x ".join(map(str, shape))
        raise BadInputError(
            f"{path} is a {len(shape)}-D image of size {size}; a 3-D volume is expected.", "split it into volumes first"
        )


def _as_image(path: Path, values: np.ndarray, affine: np.ndarray) -> sitk.Image:
    try:
        return as_image((values, affine))  # type: ignore[arg-type]
    except BadInputError as error:
        raise BadInputError(f"{path}: {error.message}", error.hint) from error
