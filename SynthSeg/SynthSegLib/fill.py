"""Filling a cohort's missing contrasts with translations, so that every subject has the same set."""

from pathlib import Path

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.ground.cohort import Cohort, CohortRow, read_cohort, write_cohort
from CrossContrastLib.ground.files import make_folder
from CrossContrastLib.progress import Progress, part
from SynthSegLib.translate import Request, translate_file

TABLE = "cohort.tsv"
#: The column of the new table that tells translations (1) from what was acquired (0).
SYNTHETIC = "synthetic"


def missing(cohort: Cohort, source: str, target: str) -> list[CohortRow]:
    """Return the rows of ``source`` whose subject and session have no image of ``target``."""
    there = {(row.subject, row.session) for row in cohort.select(role=target)}
    return [row for row in cohort.select(role=source) if (row.subject, row.session) not in there]


def fill_cohort(
    table: Path, source: str, target: str, folder: Path, request: Request, progress: Progress
) -> tuple[Path, int]:
    """Translate what is missing into ``folder`` and write a whole table there; return it and how many were filled.

    The translations have no mask of their own yet: segment them before averaging masks over contrasts. Raises
    :class:`BadInputError` where no image of ``source`` lacks a partner or the table says already what is synthetic.
    """
    cohort = read_cohort(table)
    gaps = missing(cohort, source, target)
    if not gaps:
        raise BadInputError(f"{table}: every image of role {source!r} has one of role {target!r} already.")
    if any(SYNTHETIC in row.outcomes for row in cohort.rows):
        raise BadInputError(f"{table} has a column {SYNTHETIC!r} already.")
    make_folder(folder)
    filled = []
    for number, row in enumerate(gaps):
        report = part(progress, number / len(gaps), (number + 1) / len(gaps))
        made = translate_file(row.image, folder, request, report).outputs[0].path
        filled.append(row.model_copy(update={"role": target, "image": folder / made, "mask": None}))
    path = folder / TABLE
    marked = [(row, "0") for row in cohort.rows] + [(row, "1") for row in filled]
    write_cohort(path, [row.model_copy(update={"outcomes": row.outcomes | {SYNTHETIC: was}}) for row, was in marked])
    return path, len(filled)
