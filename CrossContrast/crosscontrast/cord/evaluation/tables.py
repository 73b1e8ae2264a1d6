"""The tables of an evaluation as TSV files."""

import csv
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from crosscontrast.ground.files import atomic_write

_DECIMALS = 6


def write_tsv(rows: Sequence[BaseModel], path: Path, columns: Sequence[str]) -> None:
    """Write one line per row with the fields ``columns``; missing values are ``n/a``, as in BIDS.

    Raises :class:`crosscontrast.errors.OutputError` where the file cannot be written.
    """
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(getattr(row, column)) for column in columns] for row in rows)


def _text(value: object) -> str:
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(round(value, _DECIMALS))
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
