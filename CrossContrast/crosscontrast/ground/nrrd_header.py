"""The header of a NRRD file, read whole; only what is understood goes on.

Own code and not a library's because the libraries follow the header's ``data file`` wherever it leads: the description
of the format is http://teem.sourceforge.net/nrrd/format.html.
"""

import re
from pathlib import Path

import numpy as np

from crosscontrast.ground.plain import Plain, extents, header_lines, numbers, other_file, several_values, unreadable

_END = re.compile(rb"\r?\n\r?\n")
_DATA_FILE = re.compile(r"\s*data[\s_]*file\s*:", re.IGNORECASE)
_KINDS_OF_NUMBERS = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_TYPES = {name: kind for kind, names in _KINDS_OF_NUMBERS.items() for name in names}
_ENCODINGS = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
    "ascii": "text", "text": "text", "txt": "text",
}  # fmt: skip
#: Names of spaces that say which way is left; others are refused, because ITK takes them for left-posterior-superior.
_SPACES = {
    "left-posterior-superior": 3, "lps": 3, "right-anterior-superior": 3, "ras": 3,
    "left-anterior-superior": 3, "las": 3,
    "left-posterior-superior-time": 4, "lpst": 4, "right-anterior-superior-time": 4, "rast": 4,
    "left-anterior-superior-time": 4, "last": 4,
}  # fmt: skip
_ALONG_AN_AXIS = ("domain", "space", "time", "???", "none")
#: Fields that say nothing about the place or the value of a voxel.
_LEFT_OUT = {
    "content", "number", "sampleunits", "min", "max", "oldmin", "oldmax", "thicknesses", "labels", "units",
    "spaceunits", "measurementframe", "blocksize",
}  # fmt: skip
_UNDERSTOOD = {
    "type", "dimension", "sizes", "encoding", "endian", "space", "spacedimension", "spacedirections", "spaceorigin",
    "spacings", "axismins", "axismaxs", "centerings", "centers", "kinds", "lineskip", "byteskip",
}  # fmt: skip


def nrrd_fields(path: Path) -> tuple[dict[str, str], int]:
    """Return the fields of the whole header by name, in small letters and without blanks, and where the voxels begin.

    The names of detached voxels are under ``datafile``. Raises :class:`BadInputError` for a header that two programs
    may understand differently: a field twice, other line ends, a line that is none.
    """
    lines, start = header_lines(path, _END)
    if not re.fullmatch(r"NRRD000[1-5]", lines[0]):
        raise unreadable(path)
    fields: dict[str, str] = {}
    for line in lines[1:]:
        if line.startswith("#"):
            continue
        if _DATA_FILE.match(line):
            if "datafile" in fields:
                raise other_file(path)
            fields["datafile"] = line.partition(":")[2].strip()
            continue
        name, colon, value = line.partition(":")
        if value.startswith("="):  # a note of whoever wrote the file
            continue
        name = re.sub(r"\s", "", name).lower()
        if not colon or name in fields:
            raise unreadable(path, f"its header has {line[:40]!r} " + ("twice" if colon else "for a line"))
        fields[name] = value.strip()
    return fields, start


def plain_nrrd(path: Path) -> Plain:
    """Understand an attached NRRD file; raises :class:`BadInputError` for a detached one and what is not understood."""
    fields, start = nrrd_fields(path)
    if "datafile" in fields:
        raise other_file(path)
    unknown = set(fields) - _UNDERSTOOD - _LEFT_OUT
    missing = {"type", "dimension", "sizes", "encoding"} - set(fields)
    if unknown or missing:
        raise unreadable(path, f"its header {'has' if unknown else 'lacks'} the field {min(unknown or missing)[:40]!r}")
    if any(fields.get(skip, "0") != "0" for skip in ("lineskip", "byteskip")):
        raise unreadable(path, "its header skips a part of the file")
    sizes = extents(path, fields["sizes"], fields["dimension"])
    kind, encoding = _TYPES.get(fields["type"].lower()), _ENCODINGS.get(fields["encoding"].lower())
    endian = fields.get("endian", "little").lower()
    if kind is None or encoding is None or endian not in ("little", "big"):
        raise unreadable(path, "its type or encoding is unknown")
    dtype = np.dtype(("<" if endian == "little" or encoding == "text" else ">") + kind)
    packed = "gzip" if encoding in ("gzip", "bzip2") else "raw"
    lines = ["NRRD0004", f"type: {_KINDS_OF_NUMBERS[kind][-1]}", f"dimension: {len(sizes)}"]
    lines += [f"sizes: {' '.join(map(str, sizes))}", *_place(path, fields, len(sizes))]
    lines += [f"endian: {'big' if dtype.str[0] == '>' else 'little'}", f"encoding: {packed}", "", ""]
    amount = int(np.prod(sizes, dtype=object)) * dtype.itemsize
    return Plain("\n".join(lines).encode("ascii"), start, amount, encoding, dtype, packed)


def _place(path: Path, fields: dict[str, str], axes: int) -> list[str]:
    """Write the fields that place the voxels."""
    lines = []
    space = fields.get("space", "").lower()
    if space and space not in _SPACES:
        raise unreadable(path, f"the space {space[:40]!r} does not say which side is left")
    across = _SPACES.get(space, 0)
    if space:
        lines.append(f"space: {space}")
    elif "spacedimension" in fields:
        if fields["spacedimension"] not in ("1", "2", "3", "4"):
            raise unreadable(path, "its space has no dimension")
        across = int(fields["spacedimension"])
        lines.append(f"space dimension: {across}")
    if "spacedirections" in fields:
        lines.append(f"space directions: {_vectors(path, fields['spacedirections'], axes, across)}")
    if "spaceorigin" in fields:
        lines.append(f"space origin: {_vectors(path, fields['spaceorigin'], 1, across)}")
    for name, written in (("spacings", "spacings"), ("axismins", "axis mins"), ("axismaxs", "axis maxs")):
        if name in fields:
            lines.append(f"{written}: {' '.join(map(repr, numbers(path, fields[name], axes)))}")
    centres = fields.get("centerings", fields.get("centers", "")).lower().split()
    kinds = fields.get("kinds", "").lower().split()
    if any(word not in ("cell", "node", "none", "???") for word in centres) or len(centres) not in (0, axes):
        raise unreadable(path, "its centerings are unknown")
    if len(kinds) not in (0, axes):
        raise unreadable(path, "its kinds do not fit its axes")
    if any(kind not in _ALONG_AN_AXIS for kind in kinds):
        raise several_values(path)
    lines += [f"centerings: {' '.join(centres)}"] * bool(centres) + [f"kinds: {' '.join(kinds)}"] * bool(kinds)
    return lines


def _vectors(path: Path, text: str, count: int, length: int) -> str:
    found = re.findall(r"\(([^()]*)\)|(none)", text)
    if len(found) != count or re.sub(r"\([^()]*\)|none", "", text).strip():
        raise unreadable(path, f"{text[:40]!r} should be {count} vectors")
    written = []
    for inside, none in found:
        values = [] if none else numbers(path, inside.replace(",", " "), length)
        written.append(none or f"({','.join(map(repr, values))})")
    return " ".join(written)
