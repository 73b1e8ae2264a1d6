"""Compares two runs step by step and prints the table."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from same_results.commands import EXPECTED, Step
from same_results.comparing import Difference, compare_folders, differences
from same_results.normalising import Words, digests_of
from same_results.running import Run

_LINE = "{:<60} {:>6} {:>8} {:>8}  {:<9} {}"


@dataclass(frozen=True)
class _Row:
    """What was compared of a step: the number of files, the seconds in OLD and NEW, exit codes, differences."""

    name: str
    files: int
    found: list[Difference]
    seconds: tuple[float, ...] = ()
    codes: str = ""


def compare_runs(steps: Sequence[Step], old: Run, new: Run) -> int:
    """Print a line per step, then every difference; return 1 if there is one that is not expected."""
    digests = {run.name: digests_of(run.folder) for run in (old, new)}
    rows = []
    for step in steps:
        rows.append(_compared(step, old, new, digests))
        if step.same_as:
            rows += [_resumed(step, run, digests[run.name]) for run in (old, new)]
    return _print(rows)


def _compared(step: Step, old: Run, new: Run, digests: dict[str, dict[str, str]]) -> _Row:
    words = [Words(run, digests[run.name], run.working / step.name) for run in (old, new)]
    count, found = compare_folders(old.folder / step.name, new.folder / step.name, *words)
    printed = [
        normalised("\n".join(run.printed[step.name])).split("\n")
        for run, normalised in zip((old, new), words, strict=True)
    ]
    said = tuple(differences(*printed))
    found += [Difference("printed", said)] if said else []
    codes = re.findall(r"^exit code (-?\d+)$", "\n".join(old.printed[step.name]), re.MULTILINE)
    kinds = ",".join(sorted(set(codes), key=int))
    return _Row(step.name, count, found, (old.seconds[step.name], new.seconds[step.name]), kinds)


def _resumed(step: Step, run: Run, digests: dict[str, str]) -> _Row:
    """Compare a training that was killed and resumed with the uninterrupted one of the same checkout."""
    names = (step.same_as, step.name)
    words = [Words(run, digests, run.working / name) for name in names]
    count, found = compare_folders(*(run.folder / name / "out" for name in names), *words)
    if "killed" not in run.printed[step.name][0].split("\n"):
        found.append(Difference("printed", (f"it was not interrupted: {run.printed[step.name][0]}",)))
    return _Row(f"{step.name} = {step.same_as} ({run.name})", count, found)


def _print(rows: Sequence[_Row]) -> int:
    print("\n" + _LINE.format("step", "files", "old (s)", "new (s)", "exit", "differences"))
    for row in rows:
        seconds = [f"{value:.1f}" for value in row.seconds] or ["", ""]
        wanted = sum(not _unwanted(row, entry).sentences for entry in row.found)
        differing = f"{len(row.found) - wanted or ''}{f' ({wanted} wanted)' if wanted else ''}".strip() or "-"
        print(_LINE.format(row.name, row.files, *seconds, row.codes, differing))
    totals = [f"{sum(row.seconds[k] for row in rows if row.seconds):.1f}" for k in (0, 1)]
    print(_LINE.format("all", sum(row.files for row in rows), *totals, "", ""))
    unwanted = 0
    for row in rows:
        for entry in row.found:
            others = _unwanted(row, entry)
            unwanted += bool(others.sentences)
            if others.sentences:
                print(f"\n{row.name}: {entry.file}\n  {others.what}")
    _print_wanted(rows)
    print(
        f"\n{unwanted} differences." if unwanted else "\nNo differences" + (" but wanted ones." if _any(rows) else ".")
    )
    return 1 if unwanted else 0


def _any(rows: Sequence[_Row]) -> bool:
    return any(row.found for row in rows)


def _unwanted(row: _Row, entry: Difference) -> Difference:
    """What of a difference no line of the table EXPECTED wants."""
    return replace(entry, sentences=tuple(line for line in entry.sentences if not _reason(row, entry.file, line)))


def _reason(row: _Row, file: str, sentence: str) -> str:
    """Why a difference is wanted, "" where it is not."""
    for step, files, sentences, reason in EXPECTED:
        matches = ((step, row.name), (files, file), (sentences, sentence))
        if all(re.fullmatch(pattern, text, re.DOTALL) for pattern, text in matches):
            return reason
    return ""


def _print_wanted(rows: Sequence[_Row]) -> None:
    counts = Counter(_reason(row, entry.file, line) for row in rows for entry in row.found for line in entry.sentences)
    counts.pop("", None)
    for reason, count in counts.most_common():
        print(f"\nwanted: {reason}: {count} values")
