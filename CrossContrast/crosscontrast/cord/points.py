"""Points that somebody set in an image: as numbers, or as Slicer's markups files."""

import csv
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import Point

#: How Slicer's files name the two conventions; older ones by number.
_SYSTEMS = {"RAS": 1, "0": 1, "LPS": -1, "1": -1}


def read_points(given: Iterable[str]) -> tuple[Point, ...]:
    """Return the points of each ``x,y,z`` (mm, RAS) and each file (``.mrk.json``, ``.fcsv``), in their order.

    Raises :class:`BadInputError` naming the file or the text, and the reason.
    """
    return tuple(point for text in given for point in _points_of(text))


def _points_of(text: str) -> list[Point]:
    path = Path(text)
    if path.suffix.lower() not in (".json", ".fcsv"):
        return [_point(text.split(","), 1, text)]
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"The points {path} cannot be read: {getattr(error, 'strerror', error)}.") from error
    points = list(_from_json(content, path) if path.suffix.lower() == ".json" else _from_fcsv(content, path))
    if not points:
        raise BadInputError(f"{path} holds no point.")
    return points


def _from_json(content: str, path: Path) -> Iterator[Point]:
    """Yield the control points that have a place; Slicer keeps others that were only announced."""
    try:
        for markup in json.loads(content)["markups"]:
            sign = _sign(markup.get("coordinateSystem", "LPS"), path)
            for control in markup["controlPoints"]:
                if control.get("positionStatus", "defined") == "defined":
                    yield _point(control["position"], sign, str(path))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadInputError(f"{path} is not a markups file of Slicer.") from error


def _from_fcsv(content: str, path: Path) -> Iterator[Point]:
    sign = 1
    for row in csv.reader(content.splitlines()):
        if row and row[0].startswith("#"):
            name, _, value = row[0][1:].partition("=")
            if name.strip() == "CoordinateSystem":
                sign = _sign(value.strip(), path)
        elif row:
            yield _point(row[1:4], sign, str(path))


def _sign(system: Any, path: Path) -> int:
    if str(system) not in _SYSTEMS:
        raise BadInputError(f"{path} has points in the unknown coordinate system {system!r}.")
    return _SYSTEMS[str(system)]


def _point(numbers: Any, sign: int, source: str) -> Point:
    try:
        x, y, z = (float(number) for number in numbers)
    except (ValueError, TypeError) as error:
        raise BadInputError(f"{source} is no point: three numbers x,y,z in mm are needed.") from error
    if not all(map(math.isfinite, (x, y, z))):
        raise BadInputError(f"{source} is no point: x, y and z must be finite.")
    return sign * x, sign * y, z
