"""The table of features: one line per image, one column per feature."""

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.ground.consistency import name_some
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.tables import TableWriter

#: Columns beside the features.
KEYS = ("subject", "session", "role", "status", "reason")
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
    """Rows in the order of the cohort; ``left_out`` are columns of the file that are no features."""

    rows: tuple[FeatureRow, ...]
    left_out: tuple[str, ...] = ()

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

    def remarks(self, source: Path) -> list[str]:
        """Say which columns are no features."""
        if not self.left_out:
            return []
        return [f"{source.name}: {len(self.left_out)} columns are no features: {name_some(self.left_out)}."]

    def values(self, rows: Sequence[FeatureRow], names: Sequence[str]) -> np.ndarray:
        """Return rows x features, NaN where a row lacks one."""
        return np.array([[row.features.get(name, math.nan) for name in names] for row in rows], dtype=float).reshape(
            len(rows), len(names)
        )


def write_features(table: FeatureTable, path: Path) -> None:
    """Write the table; numbers keep all their digits, what is missing or not finite is ``n/a``."""
    names = table.names
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = TableWriter(stream)
        writer.writerow([*KEYS, *names])
        for row in table.rows:
            status = "done" if row.done else "failed"
            values = (row.features.get(name, math.nan) for name in names)
            writer.writerow(
                [row.subject, row.session, row.role, status, row.reason]
                + [repr(float(value)) if math.isfinite(value) else _MISSING for value in values]
            )


def without_partner(
    table: FeatureTable, roles: Sequence[str], visits: Container[tuple[str, str]] | None = None
) -> list[str]:
    """Return who has features in one of the roles and none in another; only ``visits``, where they are given."""
    there: dict[tuple[str, str], dict[str, FeatureRow]] = {}
    for row in table.rows:
        if row.role in roles and (visits is None or row.visit in visits):
            there.setdefault(row.visit, {})[row.role] = row
    found = []
    for visit, rows in there.items():
        missing = [role for role in dict.fromkeys(roles) if role not in rows]
        if missing:
            found.append(
                f"{' '.join(visit).strip()} has no features of role {', '.join(missing)} beside {', '.join(rows)}"
            )
    return found
