"""Filling a cohort's missing contrasts with translations, so that every subject has the same set."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, CohortRow, read_cohort, write_cohort
from crosscontrast.ground.files import image_stem, make_folder
from crosscontrast.progress import Progress, part

#: Translates an image into a folder; returns the translated one and what the quality gate says of it.
Translate = Callable[[Path, Path, Progress], tuple[Path, str]]

TABLE = "cohort.tsv"
#: The column of the new table that tells translations (1) from what was acquired (0).
SYNTHETIC = "synthetic"
#: The column that says go, caution or stop of translations (empty: acquired, or not judged).
GATE = "gate"


def missing(cohort: Cohort, source: str, target: str) -> list[CohortRow]:
    """Return the rows of ``source`` whose subject and session have no image of ``target``."""
    there = {(row.subject, row.session) for row in cohort.select(role=target)}
    return [row for row in cohort.select(role=source) if (row.subject, row.session) not in there]


def fill_cohort(
    table: Path, source: str, target: str, folder: Path, translate: Translate, progress: Progress
) -> tuple[Path, int]:
    """Translate what is missing into ``folder`` and write a whole table there; return it and how many were filled.

    The translations have no mask of their own yet: segment them before averaging masks over contrasts. Raises
    :class:`BadInputError` where no image of ``source`` lacks a partner or the table says already what is synthetic.
    """
    cohort = read_cohort(table)
    gaps = missing(cohort, source, target)
    if not gaps:
        raise BadInputError(f"{table}: every image of role {source!r} has one of role {target!r} already.")
    for column in (SYNTHETIC, GATE):
        if any(column in row.outcomes for row in cohort.rows):
            raise BadInputError(f"{table} has a column {column!r} already.")
    make_folder(folder)
    marked = [(row, "0", "") for row in cohort.rows]
    stems = Counter(image_stem(row.image) for row in gaps)
    for number, row in enumerate(gaps):
        report = part(progress, number / len(gaps), (number + 1) / len(gaps))
        # Images that are called alike in folders of their own must not land on each other.
        place = folder if stems[image_stem(row.image)] == 1 else folder / f"{number + 1:04d}"
        made, decision = translate(row.image, place, report)
        marked.append((row.model_copy(update={"role": target, "image": made, "mask": None}), "1", decision))
    rows = [
        row.model_copy(update={"outcomes": row.outcomes | {SYNTHETIC: was, GATE: gate}}) for row, was, gate in marked
    ]
    write_cohort(folder / TABLE, rows)
    return folder / TABLE, len(gaps)
