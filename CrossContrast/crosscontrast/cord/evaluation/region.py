"""The stretch of cord over which areas are averaged."""

import re
from typing import Self

from pydantic import BaseModel, ConfigDict

from crosscontrast.cord.csa.levels import level_name
from crosscontrast.cord.csa.table import CsaTable
from crosscontrast.errors import BadInputError

Range = tuple[int, int]


class Region(BaseModel):
    """Vertebral ``levels`` or ``slices`` (counted from the bottom), both ends included; neither is the whole cord."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    levels: Range | None = None
    slices: Range | None = None

    @classmethod
    def parse(cls, levels: str | None, slices: str | None) -> Self:
        """Read ranges written ``2-3`` or ``2``; raises :class:`BadInputError` for others, and for both at once."""
        if levels and slices:
            raise BadInputError("The cord is cut by levels or by slices, not by both.")
        return cls(levels=_range("levels", levels), slices=_range("slices", slices))

    def cut(self, table: CsaTable) -> CsaTable:
        """Return the rows of the table inside the region."""
        return table.select(levels=_inside(self.levels), slices=_inside(self.slices))

    def __str__(self) -> str:
        if self.levels:
            return "level " + "–".join(dict.fromkeys(level_name(level) for level in self.levels))
        if self.slices:
            return "slices {}–{}".format(*self.slices)
        return "all slices with cord"


def _range(name: str, text: str | None) -> Range | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        raise BadInputError(f"The {name} {text!r} are not a range of numbers.", "write them like 2-3")
    return first, last


def _inside(limits: Range | None) -> range | None:
    return range(limits[0], limits[1] + 1) if limits else None
