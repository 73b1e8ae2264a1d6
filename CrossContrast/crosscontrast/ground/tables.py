"""Tables for people, who open them with spreadsheet programs: a text that would be run is marked as text."""

import csv
from collections.abc import Iterable
from typing import Any, TextIO

#: What a spreadsheet program takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARK = "'"
#: How people and programs write that a value is missing, in small letters (the list of pandas; R's NA; SPSS's point).
_MISSING = frozenset(
    (
        "",
        "n/a",
        "na",
        "nan",
        "-nan",
        "null",
        "#n/a",
        "#n/a n/a",
        "#na",
        "<na>",
        "1.#ind",
        "-1.#ind",
        "1.#qnan",
        "-1.#qnan",
        "?",
        ".",
        "-",
    )
)


def is_missing(text: str) -> bool:
    """Tell whether a cell says that there is no value."""
    return text.strip().lower() in _MISSING


def as_cell(value: Any) -> Any:
    """Return a cell with which no spreadsheet program calculates; numbers, ``-1.5`` too, stay what they are."""
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return _MARK + value
    return value


def from_cell(text: str) -> str:
    """Return what :func:`as_cell` was given."""
    return text[1:] if text.startswith(_MARK) and text[1:].startswith(_FORMULA) else text


class TableWriter:
    """Writes rows of cells, see :func:`as_cell`."""

    def __init__(self, stream: TextIO, delimiter: str = "\t") -> None:
        self._writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")

    def writerow(self, row: Iterable[Any]) -> None:
        """Write a row."""
        self._writer.writerow([as_cell(value) for value in row])

    def writerows(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write rows."""
        for row in rows:
            self.writerow(row)
