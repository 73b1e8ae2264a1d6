"""A NIfTI file in one piece, reduced to its size, type, scale and place."""

import zlib
from pathlib import Path

import numpy as np

from crosscontrast.ground.nifti_header import FIELDS_ONE, FIELDS_TWO, TYPES, VERSIONS
from crosscontrast.ground.plain import Plain, other_file, several_values, unreadable

#: What stands beside the fields that our reader uses: the number of bits.
_ONE = FIELDS_ONE | {"bitpix": ("i2", 72, 1)}
_TWO = FIELDS_TWO | {"bitpix": ("i2", 14, 1)}
#: Complex numbers, colours.
_SEVERAL = (32, 128, 1792, 2048, 2304)
#: Longest extensions between header and voxels.
_MOST_EXTENSIONS = 64 << 20


def nifti_start(path: Path) -> tuple[bytes, bool]:
    """Return the first bytes of a NIfTI file, unpacked, and whether they are packed."""
    with path.open("rb") as stream:
        begin = stream.read(4096)
    if begin[:2] != b"\x1f\x8b":
        return begin, False
    try:
        return zlib.decompressobj(wbits=31).decompress(begin, 4096), True
    except zlib.error:
        return b"", True


def nifti_kind(begin: bytes) -> tuple[int, str, str]:
    """Return length, byte order and mark (``one`` file, a ``pair`` of files) of a header; 0 where it is none."""
    for order in "<>":
        length = int(np.frombuffer(begin, f"{order}i4", 1)[0]) if len(begin) >= 4 else 0
        if length in VERSIONS and len(begin) >= length:
            place, mark, _ = VERSIONS[length]
            found = begin[place : place + 4]
            if found in (mark, b"ni" + mark[2:]):
                return length, order, "one" if found == mark else "pair"
    return 0, "", ""


def plain_nifti(path: Path) -> Plain:
    """Understand a NIfTI file of either version; raises :class:`BadInputError` for what is not one, or not whole.

    Texts, extensions and the intent do not go on.
    """
    begin, packed = nifti_start(path)
    length, order, mark = nifti_kind(begin)
    if mark == "pair":
        raise other_file(path)
    if not length:
        raise unreadable(path)
    fields = _ONE if length == 348 else _TWO
    new = bytearray(length + 4)  # four zeros: no extensions
    found = {}
    for name, (kind, at, count) in fields.items():
        found[name] = np.frombuffer(begin, order + kind, count, at)
        new[at : at + found[name].nbytes] = found[name].tobytes()
    place, sign, _ = VERSIONS[length]
    new[:4] = np.array(length, order + "i4").tobytes()
    new[place : place + 4] = sign
    if length == 540:
        new[8:12] = b"\r\n\x1a\n"
    kind, at, _ = fields["vox_offset"]
    start = float(found["vox_offset"][0])
    new[at : at + np.dtype(kind).itemsize] = np.array(len(new), order + kind).tobytes()
    datatype, axes = int(found["datatype"][0]), int(found["dim"][0])
    if datatype in _SEVERAL:
        raise several_values(path)
    sizes = [int(extent) for extent in found["dim"][1 : axes + 1]]
    if datatype not in TYPES or not 1 <= axes <= 7 or min(sizes, default=0) < 1:
        raise unreadable(path, "its type or size is unknown")
    if not length <= start <= _MOST_EXTENSIONS:
        raise unreadable(path, "its voxels do not begin behind its header")
    dtype = np.dtype(order + TYPES[datatype])
    new[fields["bitpix"][1] : fields["bitpix"][1] + 2] = np.array(8 * dtype.itemsize, order + "i2").tobytes()
    amount = int(np.prod(sizes, dtype=object)) * dtype.itemsize
    out = "gzip" if path.name.lower().endswith(".gz") else "raw"
    return Plain(bytes(new), int(start), amount, "gzip" if packed else "raw", dtype, out)
