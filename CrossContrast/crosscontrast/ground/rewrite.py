"""An image of a stranger, written anew: nothing of its file goes on but what our own parsers have understood."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from crosscontrast.errors import BadInputError
from crosscontrast.ground.metaimage_header import plain_metaimage
from crosscontrast.ground.nifti_plain import plain_nifti
from crosscontrast.ground.nrrd_header import plain_nrrd
from crosscontrast.ground.plain import Plain, from_text, other_file, unpacked, unreadable

#: What a file may hold beyond the voxels that its header promises.
_SLACK = 1 << 20
#: The fastest: smooth noise of 16 bits takes 26 ms per MB, and 57 ms with the usual level 6, at the same size.
_LEVEL = 1


def rewrite_image(source: Path, target: Path, most_bytes: int) -> None:
    """Write the image ``source`` to ``target``, which has a name of the same format, from parsed values only.

    ``most_bytes`` bounds the voxels as they lie in memory; it is checked before any is read, and neither memory nor
    disk takes more than the header promises. Raises :class:`BadInputError` naming ``source`` for what is detached,
    ambiguous, damaged, too large or not understood.
    """
    plain = _understand(source)
    if plain.voxel_bytes > most_bytes:
        raise BadInputError(
            f"{source} would take {plain.voxel_bytes >> 20} MiB of memory; {most_bytes >> 20} MiB are allowed here."
        )
    stored = source.stat().st_size
    # Deflate cannot compress by more than 1032 to 1, and a number takes a blank and a digit at least; bzip2 has no
    # such bound, and is stopped while it unpacks.
    most = {"gzip": 1032, "raw": 1, "text": 4}.get(plain.encoding)
    if most and plain.voxel_bytes > most * stored:
        raise _incomplete(source, plain.voxel_bytes, stored)
    with source.open("rb") as stream, target.open("wb") as raw:
        header_too = target.name.lower().endswith(".gz")
        if not header_too:
            raw.write(plain.header)
        packer = gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) if plain.packed == "gzip" else nullcontext(raw)
        with packer as out:
            if header_too:
                out.write(plain.header)
            for block in _voxels(source, stream, plain):
                out.write(block)


def _understand(path: Path) -> Plain:
    lower = path.name.lower()
    if lower.endswith((".nii", ".nii.gz")):
        return plain_nifti(path)
    if lower.endswith(".nrrd"):
        return plain_nrrd(path)
    if lower.endswith(".mha"):
        return plain_metaimage(path)
    if lower.endswith((".nhdr", ".mhd")):
        raise other_file(path)
    raise unreadable(path)


def _voxels(path: Path, stream: BinaryIO, plain: Plain) -> Iterator[bytes]:
    """Yield exactly the bytes that the header promises."""
    if plain.encoding == "text":
        stream.seek(plain.start)
        values = from_text(path, stream, plain)
        if len(values) != plain.voxel_bytes:
            raise _incomplete(path, plain.voxel_bytes, len(values))
        yield values
        return
    # The header of a NIfTI file is packed together with its voxels.
    skip = plain.start if path.name.lower().endswith((".nii", ".nii.gz")) else 0
    stream.seek(0 if skip else plain.start)
    position, end = 0, skip + plain.voxel_bytes
    try:
        for block in unpacked(stream, plain.encoding):
            part = block[max(0, skip - position) : max(0, end - position)]
            position += len(block)
            if part:
                yield part
            if position > end + _SLACK:
                raise BadInputError(f"{path} unpacks to more than its header promises and was refused.")
    except (zlib.error, OSError, EOFError) as error:
        raise BadInputError(f"{path} is damaged: its compressed data has an error.") from error
    if position < end:
        raise _incomplete(path, plain.voxel_bytes, max(0, position - skip))


def _incomplete(path: Path, promised: int, stored: int) -> BadInputError:
    return BadInputError(
        f"{path} is incomplete: its header promises {promised} bytes of voxels, the file holds {stored}."
    )
