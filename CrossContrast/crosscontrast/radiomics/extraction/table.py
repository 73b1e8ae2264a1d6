"""The table of features: one line per image, one column per feature."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write

_KEYS = ("subject", "session", "role", "status", "reason")
_MISSING = "n/a"


@dataclass(frozen=True)
class FeatureRow:
    """The features of one image, or the reason why it has none."""

    subject: str
    session: str
    role: str
    features: dict[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def done(self) -> bool:
        """Whether there are features."""
        return not self.reason

    @property
    def visit(self) -> tuple[str, str]:
        """Subject and session, which the images of a pair share."""
        return self.subject, self.session


@dataclass(frozen=True)
class FeatureTable:
    """Rows in the order of the cohort."""

    rows: tuple[FeatureRow, ...]

    @property
    def names(self) -> list[str]:
        """The features that any row has, in the back-end's order."""
        return list(dict.fromkeys(name for row in self.rows for name in row.features))

    @property
    def roles(self) -> list[str]:
        """The roles in the order in which they first appear."""
        return list(dict.fromkeys(row.role for row in self.rows))

    def of_role(self, role: str) -> list[FeatureRow]:
        """Return the rows of a role that have features."""
        return [row for row in self.rows if row.role == role and row.done]

    def require_features(self, source: Path) -> None:
        """Raise :class:`BadInputError` with the first reason where no row has features; ``source`` is for people."""
        if not any(row.done for row in self.rows):
            reason = next((row.reason for row in self.rows), "it has no rows.")
            raise BadInputError(f"None of the {len(self.rows)} images of {source} has features: {reason}")

    def values(self, rows: Sequence[FeatureRow], names: Sequence[str]) -> np.ndarray:
        """Return rows x features, NaN where a row lacks one."""
        return np.array([[row.features.get(name, math.nan) for name in names] for row in rows], dtype=float).reshape(
            len(rows), len(names)
        )


def write_features(table: FeatureTable, path: Path) -> None:
    """Write the table; numbers keep all their digits, what is missing or not finite is ``n/a``."""
    names = table.names
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow([*_KEYS, *names])
        for row in table.rows:
            status = "done" if row.done else "failed"
            values = (row.features.get(name, math.nan) for name in names)
            writer.writerow(
                [row.subject, row.session, row.role, status, row.reason]
                + [repr(float(value)) if math.isfinite(value) else _MISSING for value in values]
            )


def read_features(path: Path) -> FeatureTable:
    """Read a table of features, ours or another program's with the columns ``subject`` and ``role``.

    Every column beside the keys is a feature. Raises :class:`BadInputError` naming the file, the line and the column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, delimiter="\t", strict=True)
            columns = list(reader.fieldnames or [])
            absent = [name for name in ("subject", "role") if name not in columns]
            if absent:
                raise BadInputError(f"{path} lacks the column(s) {', '.join(absent)}.", "columns are tab-separated")
            rows = tuple(_row(path, reader.line_num, line, columns) for line in reader)
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"{path} is not a tab-separated UTF-8 table: {error}.") from error
    keys = [(row.visit, row.role) for row in rows]
    doubled = next((key for key in keys if keys.count(key) > 1), None)
    if doubled:
        raise BadInputError(f"{path} has two lines for {' '.join(filter(None, (*doubled[0], doubled[1])))}.")
    return FeatureTable(rows)


def _row(path: Path, number: int, line: dict[str, str], columns: list[str]) -> FeatureRow:
    if None in line or None in line.values():
        raise BadInputError(f"{path}, line {number}: the number of columns differs from the header's.")
    failed = line.get("status") == "failed"
    features = {}
    for name in columns:
        if name in _KEYS or failed:
            continue
        try:
            features[name] = math.nan if line[name] in ("", _MISSING) else float(line[name])
        except ValueError as error:
            raise BadInputError(f"{path}, line {number}: column {name!r} holds {line[name]!r}, no number.") from error
    reason = line.get("reason", "") or ("failed" if failed else "")
    return FeatureRow(line["subject"], line.get("session", ""), line["role"], features, reason if failed else "")
