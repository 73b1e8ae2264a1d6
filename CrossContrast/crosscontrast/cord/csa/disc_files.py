"""Disc points from tables and from 3D Slicer's markups."""

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from crosscontrast.cord.csa.volume import Point
from crosscontrast.errors import BadInputError

#: SCT's value for the pontomedullary junction among disc labels.
PMJ_LABEL = 50
#: How each sort of number of a disc's upper vertebra is counted on: C1 is 1, T1 is 8, L1 is 20, S1 is 25.
_FIRST = {"C": 1, "T": 8, "L": 20, "S": 25}
_VERTEBRAE = {"C": 7, "T": 12, "L": 5, "S": 1}
_TABLES = (".tsv", ".csv")
#: From a table's or a file's coordinates to LPS.
_SIGNS = {"RAS": (-1.0, -1.0, 1.0), "LPS": (1.0, 1.0, 1.0)}
#: What Slicer's fcsv files call their spaces, in old versions by number.
_SPACES = {"0": "RAS", "RAS": "RAS", "1": "LPS", "LPS": "LPS"}

Named = Iterable[tuple[str, Point]]


def is_disc_table(path: Path) -> bool:
    """Tell by its name whether a file is a table or a markups file rather than a label map."""
    return _reader(path) is not None


def read_disc_table(path: Path) -> dict[int, Point]:
    """Read disc points (LPS, mm) from a file of points; a byte order mark is no obstacle.

    Tables (``.tsv``, ``.csv``) have the columns ``disc``, ``x``, ``y``, ``z``, in mm to the right, the front and the
    top (RAS) as NIfTI and Slicer have them, or are those that Slicer exports (``label`` with ``r``, ``a``, ``s`` or
    ``l``, ``p``, ``s``). Slicer's own files are ``.mrk.json`` and ``.fcsv``. A point's label is SCT's number of the
    disc (``3``), its vertebrae (``C2/C3``) or ``PMJ``. Raises :class:`BadInputError` naming the file.
    """
    reader = _reader(path)
    assert reader is not None
    try:
        named = list(reader(_text(path)))
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        what = "a table with the columns disc, x, y, z" if path.suffix.lower() in _TABLES else "a Slicer markups file"
        raise BadInputError(f"{path} is not {what}.") from error
    discs = {}
    for label, point in named:
        number = disc_number(label)
        if number is None:
            raise BadInputError(
                f"{path} has a point {label!r}, which names no disc.", "call it by SCT's number (3) or as C2/C3"
            )
        if number in discs:
            raise BadInputError(f"{path} names a disc twice.")
        discs[number] = point
    if not np.isfinite(list(discs.values())).all():
        raise BadInputError(f"{path} has coordinates that are not finite.")
    return discs


def disc_number(label: str) -> int | None:
    """Return SCT's number of a disc by its label, ``None`` where that is none.

    The disc below C2 is 3: ``3``, ``C2/C3``, ``C2-C3``, ``C2-3``, ``disc_C2_C3``. A list that counts its own points
    (Slicer's ``F-1``, ``P-1``) names no disc.
    """
    text = re.sub(r"^(disc|disk|ivd)[ _:-]*", "", label.strip(), flags=re.IGNORECASE).upper()
    if re.fullmatch(r"[0-9]{1,3}", text):
        return int(text)
    if text == "PMJ":
        return PMJ_LABEL
    found = re.fullmatch(r"([CTL])([0-9]{1,2})[ /_-]+([CTLS])?([0-9]{1,2})?", text)
    if not found or not (found[3] or found[4]):
        return None
    upper = _vertebra(found[1], int(found[2]))
    lower = _vertebra(found[3] or found[1], int(found[4] or 1))
    return lower if upper and lower == upper + 1 else None


def _vertebra(letter: str, number: int) -> int | None:
    return _FIRST[letter] + number - 1 if 1 <= number <= _VERTEBRAE[letter] else None


def _reader(path: Path) -> Callable[[str], Named] | None:
    name = path.name.lower()
    known: Mapping[str, Callable[[str], Named]] = {
        ".json": _markups, ".fcsv": _fcsv, ".tsv": _table, ".csv": _table
    }  # fmt: skip
    return next((reader for ending, reader in known.items() if name.endswith(ending)), None)


def _text(path: Path) -> str:
    """Return the text of a file, in the encoding that its byte order mark names; without one it is UTF-8."""
    content = path.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig")


def _table(text: str) -> Named:
    head = text.split("\n", 1)[0]
    delimiter = next((sign for sign in "\t;," if sign in head), "\t")
    for row in csv.DictReader(text.splitlines(), delimiter=delimiter):
        found = {str(name).strip().lower(): str(value).strip() for name, value in row.items()}
        if "disc" in found:
            yield str(int(found["disc"])), _point([found[axis] for axis in "xyz"], "RAS")
        elif found.get("defined", "1") == "1":
            space = "LPS" if "l" in found else "RAS"
            yield found["label"], _point([found[axis] for axis in space.lower()], space)


def _fcsv(text: str) -> Named:
    lines = text.splitlines()
    notes = dict(re.findall(r"^# *(\w+) *= *(.*?) *$", "\n".join(lines), re.MULTILINE))
    space, columns = _SPACES[notes["CoordinateSystem"].upper()], notes["columns"].split(",")
    for row in csv.reader(line for line in lines if line.strip() and not line.startswith("#")):
        found = dict(zip(columns, row, strict=False))
        yield found["label"], _point([found[axis] for axis in "xyz"], space)


def _markups(text: str) -> Named:
    for markup in json.loads(text)["markups"]:
        space = _SPACES[str(markup.get("coordinateSystem", "LPS")).upper()]
        scale = {"mm": 1.0}[markup.get("coordinateUnits", "mm")]
        for point in markup["controlPoints"]:
            if point.get("positionStatus", "defined") == "defined":
                yield str(point["label"]), _point([scale * value for value in point["position"]], space)


def _point(values: list[Any], space: str) -> Point:
    x, y, z = (float(value) * sign for value, sign in zip(values, _SIGNS[space], strict=True))
    return x, y, z
