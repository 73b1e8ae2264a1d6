"""What the parsers of image headers share: an image file reduced to what they have understood of it."""

import bz2
import re
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from crosscontrast.errors import BadInputError

#: Longest text header that is read: what programs write takes lines, not megabytes.
_MOST_HEADER = 1 << 20
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Plain:
    """An image file as understood: ``header`` is a new one of ours, made of the values that were found.

    Its voxels begin at byte ``start``, packed as ``encoding`` says (``raw``, ``gzip``, ``bzip2``, ``text``), and are
    ``voxel_bytes`` long when unpacked, as ``dtype``. ``packed`` is the encoding that ``header`` promises.
    """

    header: bytes
    start: int
    voxel_bytes: int
    encoding: str
    dtype: np.dtype
    packed: str


def other_file(path: Path) -> BadInputError:
    """The error for a header that names another file."""
    return BadInputError(f"{path} keeps its voxels in another file and was refused.")


def unreadable(path: Path, why: str = "") -> BadInputError:
    """The error for a header that is not understood."""
    return BadInputError(f"{path} is not a readable NIfTI, NRRD, MHA or DICOM image{why and f': {why}'}.")


def several_values(path: Path) -> BadInputError:
    """The error for colours, vectors and complex numbers."""
    return BadInputError(f"{path} has several values per voxel (colour, vector or complex); one is expected.")


def header_lines(path: Path, last: re.Pattern[bytes]) -> tuple[list[str], int]:
    """Return the lines of a text header and where the voxels begin, which is behind the first match of ``last``.

    A header without that end goes to the end of the file. Raises :class:`BadInputError` for one that programs may cut
    into lines in different ways (lone CR, NUL) and for one that is too long to be a header.
    """
    with path.open("rb") as stream:
        head = stream.read(_MOST_HEADER + 1)
    found = last.search(head)
    if found is None and len(head) > _MOST_HEADER:
        raise unreadable(path, f"its header does not end within {_MOST_HEADER >> 20} MiB")
    end = found.end() if found else len(head)
    text = head[:end]
    if re.search(rb"\r(?!\n)|[\0\v\f]", text):
        raise unreadable(path, "its header has line ends or characters that no text has")
    return [line.rstrip("\r") for line in text.decode("latin-1").rstrip("\r\n").split("\n")], end


def numbers(path: Path, text: str, count: int | None = None) -> list[float]:
    """Parse numbers that stand between blanks; ``count`` of them where it is given."""
    try:
        found = [float(word) for word in text.split()]
    except ValueError as error:
        raise unreadable(path, f"{text[:40]!r} should be numbers") from error
    if count is not None and len(found) != count:
        raise unreadable(path, f"{text[:40]!r} should be {count} numbers")
    return found


def extents(path: Path, text: str, dimension: str) -> list[int]:
    """Parse the size of an image, which must have as many axes as ``dimension`` says and no more than a file can."""
    words = text.split()
    if not all(re.fullmatch(r"[0-9]{1,9}", word) for word in (*words, dimension.strip())):
        raise unreadable(path, "its size is not a number of voxels")
    found = [int(word) for word in words]
    if len(found) != int(dimension) or not 1 <= len(found) <= 16 or 0 in found:
        raise unreadable(path, "its size does not fit its number of axes")
    return found


def unpacked(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Yield what is packed in the rest of a stream in blocks of 1 MiB at most, however much it is.

    Raises :class:`zlib.error`, :class:`OSError` or :class:`EOFError` where it is damaged.
    """
    if encoding == "gzip":
        yield from _inflated(stream)
        return
    decoder = bz2.BZ2Decompressor() if encoding == "bzip2" else None
    while block := stream.read(_BLOCK):
        if decoder is None:
            yield block
            continue
        yield decoder.decompress(block, _BLOCK)
        while not decoder.needs_input and not decoder.eof:
            yield decoder.decompress(b"", _BLOCK)
        if decoder.eof:
            return


def _inflated(stream: BinaryIO) -> Iterator[bytes]:
    decoder = zlib.decompressobj(wbits=47)  # gzip, and zlib as MetaImage has it
    while block := stream.read(_BLOCK):
        while block:
            yield decoder.decompress(block, _BLOCK)
            block = decoder.unconsumed_tail
            if decoder.eof:
                block = decoder.unused_data
                decoder = zlib.decompressobj(wbits=47)
                if not block.strip(b"\0"):  # some writers pad the end with zeros
                    break
    yield decoder.flush()


def from_text(path: Path, stream: BinaryIO, plain: Plain) -> bytes:
    """Read voxels that are written as numbers."""
    count = plain.voxel_bytes // plain.dtype.itemsize
    # A number and a blank are two characters at least, and no honest number has more than some 30.
    text = stream.read(40 * count + _BLOCK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numpy warns where the text stops being numbers
        try:
            values = np.fromstring(text.decode("ascii"), plain.dtype, sep=" ")
        except (DeprecationWarning, ValueError, OverflowError) as error:
            raise BadInputError(f"{path} cannot be read: its voxels are incomplete or damaged.") from error
    return values.tobytes()
