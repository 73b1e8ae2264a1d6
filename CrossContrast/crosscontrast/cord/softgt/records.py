"""What goes into a soft ground truth and what comes out of it, as files and numbers."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from crosscontrast.cord.softgt.agreement import Agreement


class ContrastInput(BaseModel):
    """The files of one contrast; the mask is binary or soft, the image may be missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    role: Annotated[str, Field(min_length=1)]
    mask: Path
    image: Path | None = None


class ContrastResult(BaseModel):
    """What became of one contrast; there are no files where it was left out.

    ``step`` is the last step of the registration that was kept; ``moved_mm`` and ``rotated_deg`` say how far it carried
    the reference's cord. ``faults`` is what lies beyond the limits.
    """

    role: str
    kept: bool
    step: str
    moved_mm: float
    rotated_deg: float
    before: Agreement
    after: Agreement
    faults: list[str]
    softseg: Path | None = None
    seg: Path | None = None
