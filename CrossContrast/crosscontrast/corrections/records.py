"""What a correction dataset knows of its cases, as written to disk and as handed out."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict, Field

from crosscontrast.ground.provenance import ModelRecord
from crosscontrast.version import __version__

State = Literal["pending", "corrected", "excluded"]
#: Cases are named like this in the program, and never otherwise in paths.
CASE_PATTERN = r"^sub-[A-Za-z0-9]+(_[a-z]+-[A-Za-z0-9+]+)*_[A-Za-z0-9]+$"


def now() -> str:
    """Return the local time as that team writes it: ``2026-03-01 14:05:09``."""
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")


class Settings(BaseModel):
    """What was decided when the dataset was made. ``label`` is what is segmented, as in ``label-SC``.

    ``test_subjects`` are the frozen ones, in order; ``None`` until they are fixed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal[1] = 1
    software: str = f"CrossContrast {__version__}"
    label: str = Field(default="SC", pattern=r"^[A-Za-z0-9]+$")
    test_subjects: tuple[str, ...] | None = None


class CaseRecord(BaseModel):
    """One image of the dataset and where it came from: ``source`` is the original file or DICOM folder.

    ``number`` counts the cases in the order in which they were added; ``image`` is relative to the dataset.
    ``voxels_sha256`` is of place and values (:func:`crosscontrast.corrections.subjects.voxels_sha256`): one image in
    two files has it alike. Records of earlier versions lack it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    case: str = Field(pattern=CASE_PATTERN)
    number: int = Field(ge=1)
    image: str = Field(pattern=r"^sub-[A-Za-z0-9]+/(ses-[A-Za-z0-9]+/)?[a-z]+/sub-[^/]+$")
    image_sha256: str
    source: str
    source_sha256: str
    added_by: str = ""
    date: str = Field(default_factory=now)
    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]
    voxels_sha256: str = ""

    def grid(self) -> sitk.Image:
        """Return an empty image (uint8) on the image's grid."""
        grid = sitk.Image(self.size, sitk.sitkUInt8)
        grid.SetSpacing(self.spacing)
        grid.SetOrigin(self.origin)
        grid.SetDirection(self.direction)
        return grid


class Revision(BaseModel):
    """One saved correction. Voxels are counted against the mask that the person began with.

    ``base`` is the revision that the person had before them (0: the prediction), ``seconds`` the time spent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    case: str = Field(pattern=CASE_PATTERN)
    revision: int = Field(ge=1)
    base: int = Field(ge=0)
    author: str
    date: str = Field(default_factory=now)
    seconds: float = Field(default=0, ge=0)
    voxels_added: int
    voxels_removed: int
    model: ModelRecord | None = None
    input_sha256: str
    softseg_sha256: str
    seg_sha256: str
    note: str = ""
    software: str = f"CrossContrast {__version__}"

    @property
    def voxels_changed(self) -> int:
        """Voxels added and removed."""
        return self.voxels_added + self.voxels_removed


@dataclass(frozen=True)
class Case:
    """A case as lists show it. ``revision`` is the newest one's number, 0 for none; ``reason`` why it is excluded.

    ``image`` is the image in the dataset, ``test`` whether its subject is a frozen test subject.
    """

    name: str
    subject: str
    session: str
    contrast: str
    image: Path
    state: State
    revision: int
    reason: str
    test: bool


@dataclass(frozen=True)
class Correction:
    """A correction read back: soft mask (float32 in [0, 1]), binary mask (uint8), on the image's grid."""

    soft: sitk.Image
    mask: sitk.Image
    record: Revision


@dataclass(frozen=True)
class Saved:
    """The new revision, and those that others saved since its base: all are kept, and the new one counts."""

    record: Revision
    overtaken: tuple[Revision, ...]
