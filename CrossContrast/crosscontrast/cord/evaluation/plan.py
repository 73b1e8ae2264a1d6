"""Which images of a cohort are to be segmented by what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crosscontrast.cord.evaluation.region import Region
from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, CohortRow

#: Columns of the cohort table that tell the vertebral levels of an image: a label map, or points at the discs.
LEVEL_COLUMNS = ("levels", "discs")


@dataclass(frozen=True)
class Method:
    """A way to segment: by one ``model`` of the library, or by another one for each contrast.

    With neither, the reference masks themselves are the segmentations.
    """

    name: str
    model: str | None = None
    by_contrast: Mapping[str, str] = field(default_factory=dict)

    def model_for(self, row: CohortRow) -> str | None:
        """Return the model that segments this image; ``None`` where its mask is taken."""
        return self.by_contrast[row.role] if self.by_contrast else self.model


@dataclass(frozen=True)
class PlannedCase:
    """One image by one method."""

    row: CohortRow
    method: Method
    stem: str
    levels: Path | None
    discs: Path | None


def plan_cases(cohort: Cohort, methods: Sequence[Method], region: Region) -> list[PlannedCase]:
    """Return the cases method by method, so that a worker keeps its model; masks alone need rows with a mask.

    Raises :class:`BadInputError` where vertebral levels are asked for and the table has none, where a file of levels is
    missing, and where two images would be stored under one name.
    """
    places = [_level_files(cohort.path, row) if region.levels else (None, None) for row in cohort.rows]
    if region.levels and not any(any(files) for files in places):
        raise BadInputError(
            f"{cohort.path} names no vertebral levels, which {region} needs.",
            f"add a column {' or '.join(LEVEL_COLUMNS)} with the file of each image",
        )
    images = list(zip(cohort.rows, _stems(cohort), places, strict=True))
    return [
        PlannedCase(row, method, stem, levels, discs)
        for method in methods
        for row, stem, (levels, discs) in images
        if method.model_for(row) or row.mask
    ]


def file_name(text: str) -> str:
    """Return the text with only letters, digits and ``_.@-``, for names of files."""
    return re.sub(r"[^A-Za-z0-9_.@-]+", "-", text)


def _stems(cohort: Cohort) -> list[str]:
    stems: list[str] = []
    for row in cohort.rows:
        stem = file_name("_".join(filter(None, (row.subject, row.session, row.role))))
        if stem in stems:
            raise BadInputError(f"{cohort.path} has two images that would both be stored as {stem}.")
        stems.append(stem)
    return stems


def _level_files(table: Path, row: CohortRow) -> tuple[Path | None, Path | None]:
    """Return the label map and the disc points of an image; paths are relative to the table."""
    named = [row.outcomes.get(column, "") for column in LEVEL_COLUMNS]
    files = [table.parent / name if name and name != "n/a" else None for name in named]
    for file in filter(None, files):
        if not file.exists():
            raise BadInputError(f"{table}: {file} does not exist.")
    return files[0], files[1]
