"""Tables of features that are read: ours, PyRadiomics' own, and those of other programs."""

import csv
import math
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow
from crosscontrast.ground.tables import from_cell, is_missing
from crosscontrast.radiomics.extraction.backend import FeatureName
from crosscontrast.radiomics.extraction.settings import CLASSES
from crosscontrast.radiomics.extraction.table import KEYS, FeatureRow, FeatureTable

_FAMILIES = {family for classes in CLASSES.values() for family in classes}
#: What other programs and people keep beside features, in small letters; none of it is measured in the image.
_NO_FEATURES = frozenset(
    (
        *("id", "patient", "patient_id", "patientid", "image", "mask", "label", "label_channel", "split", "fold"),
        *("age", "sex", "gender", "weight", "height", "bmi", "site", "scanner", "batch", "center", "centre", "vendor"),
        *("group", "class", "target", "outcome", "diagnosis", "grade", "stage", "time", "event", "status", "date"),
    )
)
_DIAGNOSTICS = "diagnostics_"
#: A line's number in the file, and its cells by column.
Line = tuple[int, dict[str, str]]


def read_features(path: Path, rows: Sequence[CohortRow] = (), *, leave_out: Collection[str] = ()) -> FeatureTable:
    """Read a table of features, ours, PyRadiomics' or another program's with the columns ``subject`` and ``role``.

    Columns are separated by tabs, commas or semicolons. PyRadiomics' table names images instead of subjects: they are
    looked up among the ``rows`` of a cohort, by as much of their paths as is needed. Where columns are called as
    features are (``original_glcm_Contrast``), these are the features; otherwise every column is one but for keys, those
    of ``leave_out`` and what is known to be none (``age``, ``label``, ``diagnostics_...``). Raises
    :class:`BadInputError` naming the file, the line and the column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            header = stream.readline()
            stream.seek(0)
            # The separator that the header has most of: a comma may stand in a name.
            separator = max("\t,;", key=header.count)
            reader = csv.DictReader(stream, delimiter=separator, strict=True)
            columns = list(reader.fieldnames or [])
            lines = [(reader.line_num, line) for line in reader]
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"{path} is not a tab-separated UTF-8 table: {error}.") from error
    whose = _whose(path, columns, lines, rows)
    features, left_out = _features(columns, leave_out)
    found = tuple(_row(path, number, line, features, who) for (number, line), who in zip(lines, whose, strict=True))
    keys = [(row.visit, row.role) for row in found]
    doubled = next((key for key in keys if keys.count(key) > 1), None)
    if doubled:
        raise BadInputError(f"{path} has two lines for {' '.join(filter(None, (*doubled[0], doubled[1])))}.")
    return FeatureTable(found, left_out)


def names_images(path: Path) -> bool:
    """Tell whether a table names images instead of subjects, as PyRadiomics' own does."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            columns = re.split("[\t,;]", stream.readline().strip())
    except (OSError, UnicodeDecodeError):
        return False  # what is wrong with it is said where it is read
    return "Image" in columns and "subject" not in columns


def _features(columns: Sequence[str], leave_out: Collection[str]) -> tuple[list[str], tuple[str, ...]]:
    """Part the columns beside the keys into features and others."""
    others = [name for name in columns if name not in KEYS]
    called = [name for name in others if _is_called_a_feature(name)]
    if not called:
        called = [
            name
            for name in others
            if not name.startswith(_DIAGNOSTICS) and name.lower() not in _NO_FEATURES and name not in leave_out
        ]
    return called, tuple(name for name in others if name not in set(called))


def _is_called_a_feature(name: str) -> bool:
    if name.startswith(_DIAGNOSTICS):
        return False
    try:
        return FeatureName.parse(name).family.lower() in _FAMILIES
    except ValueError:
        return False


def _whose(
    path: Path, columns: Sequence[str], lines: Sequence[Line], rows: Sequence[CohortRow]
) -> list[tuple[str, str, str]]:
    """Return subject, session and role of every line."""
    for number, line in lines:
        if None in line or None in line.values():
            raise BadInputError(f"{path}, line {number}: the number of columns differs from the header's.")
    absent = [name for name in ("subject", "role") if name not in columns]
    if not absent:
        keys = ("subject", "session", "role")
        return [tuple(from_cell(line.get(key) or "") for key in keys) for _, line in lines]  # type: ignore[misc]
    if "Image" not in columns:
        raise BadInputError(
            f"{path} lacks the column(s) {', '.join(absent)}.", "columns are separated by tabs or commas"
        )
    if not rows:
        raise BadInputError(
            f"{path} names images and not subjects, as PyRadiomics does.", "give the cohort table of the images as well"
        )
    ends: dict[tuple[str, ...], list[CohortRow]] = defaultdict(list)
    for row in rows:
        parts = row.image.parts
        for number in range(1, len(parts) + 1):
            ends[parts[-number:]].append(row)
    return [_found(path, number, line["Image"], ends) for number, line in lines]


def _found(path: Path, number: int, image: str, ends: dict[tuple[str, ...], list[CohortRow]]) -> tuple[str, str, str]:
    """Look an image up by the end of its path, from its name on until it is the only one."""
    parts = PurePosixPath(image.replace("\\", "/")).parts
    known: list[CohortRow] = []
    for count in range(1, len(parts) + 1):
        longer = ends.get(parts[-count:], [])
        if not longer:
            break
        known = longer
        if len(known) == 1:
            break
    if len(known) != 1:
        why = "is not in the cohort" if not known else "could be any of several images of the cohort"
        raise BadInputError(f"{path}, line {number}: {image} {why}.")
    return known[0].subject, known[0].session, known[0].role


def _row(
    path: Path, number: int, line: dict[str, str], names: Sequence[str], whose: tuple[str, str, str]
) -> FeatureRow:
    failed = line.get("status") == "failed"
    features = {}
    for name in [] if failed else names:
        try:
            features[name] = math.nan if is_missing(line[name]) else float(line[name])
        except ValueError as error:
            raise BadInputError(
                f"{path}, line {number}: column {name!r} holds {line[name]!r}, which is not a number."
            ) from error
    reason = line.get("reason", "") or "failed"
    return FeatureRow(*whose, features, reason if failed else "")
