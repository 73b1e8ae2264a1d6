"""The table as a CSV file that readers of SCT's files can use as they do SCT's."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from crosscontrast.cord.csa.table import CsaTable, Measure, Note
from crosscontrast.ground.files import atomic_write
from crosscontrast.version import __version__

_SCT_MEASURES: dict[str, Measure] = {
    "area": "area_sct",
    "angle_AP": "angle_ap",
    "angle_RL": "angle_rl",
    "diameter_AP": "diameter_ap",
    "diameter_RL": "diameter_rl",
    "eccentricity": "eccentricity",
    "orientation": "orientation",
    "solidity": "solidity",
}
_OWN_MEASURES: dict[str, Measure] = {
    "true soft area": "area_true",
    "true angle": "tilt",
    "uncertainty of true soft area": "area_uncertainty",
}


def write_csv(table: CsaTable, path: Path, *, name: str = "", per: Literal["slice", "level", "all"] = "slice") -> None:
    """Write one line per slice, per vertebral level, or for all slices together.

    The columns begin as those of ``sct_process_segmentation``: **MEAN(area) is the SCT-compatible area**, angles and
    shape go with it, ``name`` stands for the file's name and the "SCT Version" is our own name and version. Behind
    them come ours: the true soft area with its angle and length, the distance in mm, the image's own slice numbers, the
    number of objects, the largest soft value and remarks. Missing values are ``nan``. The file appears whole or not
    at all (:class:`crosscontrast.errors.OutputError`).
    """
    lines = [_line(part, name) for part in _parts(table, per)]
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, _columns())
        writer.writeheader()
        writer.writerows(lines)


def _parts(table: CsaTable, per: Literal["slice", "level", "all"]) -> list[CsaTable]:
    if per == "slice":
        return [replace(table, rows=(row,)) for row in table.rows]
    if per == "level":
        return list(table.per_level().values())
    return [table]


def _columns() -> list[str]:
    sct = [f"{function}({column})" for column in _SCT_MEASURES for function in ("MEAN", "STD")]
    own = [f"{function}({column})" for column in _OWN_MEASURES for function in ("MEAN", "STD")]
    return [
        *("Timestamp", "SCT Version", "Filename", "Slice (I->S)", "VertLevel", "DistancePMJ"),
        *(*sct, "SUM(length)"),
        *(*own, "SUM(true length)", "Distance (mm)", "Original slice", "Components", "Max soft value", "Note"),
    ]


def _line(part: CsaTable, name: str) -> dict[str, object]:
    distance = part.mean("distance")
    line: dict[str, object] = {
        "Timestamp": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
        "SCT Version": f"CrossContrast {__version__}",
        "Filename": name,
        "Slice (I->S)": number_ranges({row.slice for row in part.rows}),
        "VertLevel": number_ranges({row.level for row in part.rows if row.level is not None}),
        "DistancePMJ": distance if part.from_pmj else "",
        "SUM(length)": part.total("length"),
        "SUM(true length)": part.total("length_true"),
        "Distance (mm)": distance,
        "Original slice": number_ranges({row.original_slice for row in part.rows}),
        "Components": max((row.components for row in part.rows), default=0),
        "Max soft value": max((row.maximum for row in part.rows), default=0.0),
        "Note": _remarks(part),
    }
    for column, measure in (_SCT_MEASURES | _OWN_MEASURES).items():
        line[f"MEAN({column})"] = part.mean(measure)
        line[f"STD({column})"] = part.sd(measure)
    return {column: round(value, 6) if isinstance(value, float) else value for column, value in line.items()}


def _remarks(part: CsaTable) -> str:
    """Say the notes of one slice, or how many slices have each; slices above and below the cord are no news then."""
    if len(part.rows) == 1:
        return "; ".join(part.rows[0].notes)
    counts = Counter(note for row in part.rows for note in row.notes if note is not Note.EMPTY)
    return "; ".join(f"{note} ({count} of {len(part.rows)} slices)" for note, count in counts.items())


def number_ranges(numbers: set[int]) -> str:
    """Write numbers as SCT does: ``3:5;8`` for 3, 4, 5 and 8."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ";".join(str(run[0]) if len(run) == 1 else f"{run[0]}:{run[-1]}" for run in runs)
