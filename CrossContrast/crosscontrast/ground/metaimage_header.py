"""The header of a MetaImage file (``.mha``), read whole; only what is understood goes on."""

import re
from pathlib import Path

import numpy as np

from crosscontrast.ground.plain import Plain, extents, header_lines, numbers, other_file, several_values, unreadable

_LAST = "elementdatafile"
_END = re.compile(rb"elementdatafile[^\n]*(\n|\Z)", re.IGNORECASE)
_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
#: Fields of numbers that place the voxels: how many for how many axes.
_PLACING = {"offset": 1, "position": 1, "origin": 1, "centerofrotation": 1, "elementspacing": 1, "elementsize": 1}
_MATRICES = ("transformmatrix", "rotation", "orientation")
_YES_OR_NO = {"true": True, "false": False, "t": True, "f": False, "1": True, "0": False}


def metaimage_fields(path: Path) -> tuple[dict[str, str], int]:
    """Return the fields of the header by name, in small letters, and where the voxels begin.

    Raises :class:`BadInputError` for a header that two programs may understand differently: a field twice in whatever
    letters, a last field that is not written as the format has it, a line that is none.
    """
    lines, start = header_lines(path, _END)
    fields: dict[str, str] = {}
    for line in lines:
        name, equal, value = line.partition("=")
        name = name.strip()
        if not equal or ":" in name or not name or name.lower() in fields:
            raise unreadable(path, f"its header has {line[:40]!r} " + ("twice" if equal else "for a line"))
        if _LAST in name.lower() and name != "ElementDataFile":
            raise other_file(path)
        fields[name.lower()] = value.strip()
    if _LAST not in fields:
        raise unreadable(path)
    return fields, start


def plain_metaimage(path: Path) -> Plain:
    """Understand a MetaImage in one file; raises :class:`BadInputError` for others and what is not understood.

    Fields that are not of the format (notes of whoever wrote the file) do not go on.
    """
    fields, start = metaimage_fields(path)
    if fields[_LAST].upper() != "LOCAL":
        raise other_file(path)
    missing = {"ndims", "dimsize", "elementtype"} - set(fields)
    if missing:
        raise unreadable(path, f"its header lacks the field {min(missing)!r}")
    if fields.get("objecttype", "Image").lower() != "image" or fields.get("headersize", "0") != "0":
        raise unreadable(path, "it is no image, or its header skips a part of the file")
    if fields.get("elementnumberofchannels", "1") != "1" or fields["elementtype"].endswith("_ARRAY"):
        raise several_values(path)
    sizes = extents(path, fields["dimsize"], fields["ndims"])
    kind = _TYPES.get(fields["elementtype"].upper())
    if kind is None:
        raise unreadable(path, f"the type {fields['elementtype'][:40]!r} is unknown")
    written = _yes(path, fields, "binarydata", False) or _yes(path, fields, "compresseddata", False)
    big = _yes(path, fields, "binarydatabyteordermsb", False) or _yes(path, fields, "elementbyteordermsb", False)
    dtype = np.dtype((">" if big and written else "<") + kind)
    encoding = "gzip" if _yes(path, fields, "compresseddata", False) else "raw" if written else "text"
    lines = ["ObjectType = Image", f"NDims = {len(sizes)}", "BinaryData = True"]
    lines += [f"BinaryDataByteOrderMSB = {dtype.str[0] == '>'}", "CompressedData = False"]
    lines += _place(path, fields, len(sizes))
    lines += [f"DimSize = {' '.join(map(str, sizes))}", f"ElementType = {fields['elementtype'].upper()}"]
    lines += ["ElementDataFile = LOCAL", ""]
    amount = int(np.prod(sizes, dtype=object)) * dtype.itemsize
    return Plain("\n".join(lines).encode("ascii"), start, amount, encoding, dtype, "raw")


def _place(path: Path, fields: dict[str, str], axes: int) -> list[str]:
    lengths = dict.fromkeys(_PLACING, axes) | dict.fromkeys(_MATRICES, axes * axes)
    names = {
        "offset": "Offset", "position": "Position", "origin": "Origin", "centerofrotation": "CenterOfRotation",
        "elementspacing": "ElementSpacing", "elementsize": "ElementSize", "transformmatrix": "TransformMatrix",
        "rotation": "Rotation", "orientation": "Orientation",
    }  # fmt: skip
    return [
        f"{names[name]} = {' '.join(map(repr, numbers(path, fields[name], length)))}"
        for name, length in lengths.items()
        if name in fields
    ]


def _yes(path: Path, fields: dict[str, str], name: str, otherwise: bool) -> bool:
    if name not in fields:
        return otherwise
    if fields[name].lower() not in _YES_OR_NO:
        raise unreadable(path, f"{name} is neither True nor False")
    return _YES_OR_NO[fields[name].lower()]
