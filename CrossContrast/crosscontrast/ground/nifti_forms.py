"""What places the voxels of a NIfTI file, carried from an image to what is made on its grid.

A file may give two places, qform and sform, each with a code that names the space. SimpleITK reads one of them and
writes it as both, so that a viewer that prefers the other one drew a mask beside its own image (15 mm in a file whose
sform came from a registration).
"""

import gzip
import shutil
from pathlib import Path
from typing import BinaryIO

import numpy as np

from crosscontrast.ground.nifti_header import FIELDS_ONE, FIELDS_TWO
from crosscontrast.ground.nifti_plain import nifti_kind, nifti_start

#: The fields that say where the voxels are; of ``pixdim`` the first four, the others are of time.
_PLACING = ("codes", "quatern", "offset", "srow", "units")
#: As much as zlib's own default, which ITK writes with.
_LEVEL = 6

Forms = dict[str, np.ndarray]


def forms_of(path: Path) -> Forms | None:
    """Return qform, sform, their codes, steps and units of a NIfTI file as they are stored; ``None`` for another."""
    if not path.is_file():
        return None
    begin, _ = nifti_start(path)
    length, order, _ = nifti_kind(begin)
    if not length:
        return None
    fields = FIELDS_ONE if length == 348 else FIELDS_TWO
    found = {
        name: np.frombuffer(begin, order + kind, count, at).astype(float)
        for name, (kind, at, count) in fields.items()
        if name in (*_PLACING, "pixdim")
    }
    return found | {"units": found["units"].astype(int) & 7}


def stamp(file: Path, forms: Forms) -> None:
    """Write ``forms`` over those of an uncompressed NIfTI file of either version."""
    with file.open("r+b") as stream:
        length, order, _ = nifti_kind(stream.read(4096))
        for name, (kind, at, count) in (FIELDS_ONE if length == 348 else FIELDS_TWO).items():
            if name in _PLACING:
                _put(stream, at, forms[name], order + kind)
            elif name == "pixdim":
                _put(stream, at, forms[name][: min(count, 4)], order + kind)


def pack(file: Path, target: Path) -> None:
    """Compress a file; without a time stamp, so that the same image gives the same bytes."""
    with file.open("rb") as plain, target.open("wb") as raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)


def _put(stream: BinaryIO, at: int, values: np.ndarray, kind: str) -> None:
    stream.seek(at)
    stream.write(values.astype(kind).tobytes())
