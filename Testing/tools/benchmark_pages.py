"""Writes the pages of ``Documentation/benchmarks`` from the records in ``Testing/benchmarks/results``.

    python Testing/tools/benchmark_pages.py

A record is a YAML file with the title, the command that measured, the date, the machine, the data, the model, one
sentence that sums up, and the table. A test compares the pages with what this writes.
"""

from datetime import date as Date  # noqa: N812 - the field is called date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "Testing" / "benchmarks" / "results"
PAGES = ROOT / "Documentation" / "benchmarks"

_INDEX = """# Benchmarks

Every page holds one result with the command that produced it. A figure holds for the machine, the data and the model's
version that stand beside it: run the command to know it for yours.

| what was measured | in short | date |
|---|---|---|
"""


class Record(BaseModel):
    """A measurement as it is kept."""

    model_config = ConfigDict(extra="forbid")

    title: str
    command: str
    date: Date
    machine: str
    data: str
    model: str
    summary: str
    columns: list[str] = Field(min_length=2)
    rows: list[list[str | int | float]] = Field(min_length=1)
    picture: str = ""
    notes: str = ""


def read(path: Path) -> Record:
    """Read a record; every row has as many cells as there are columns."""
    record = Record.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    wrong = [row for row in record.rows if len(row) != len(record.columns)]
    if wrong:
        raise ValueError(f"{path.name}: not as many cells as columns: {wrong[0]}")
    return record


def page_of(record: Record) -> str:
    """Return the page of a record as Markdown."""
    facts = {"Command": f"`{record.command}`", "Date": record.date, "Machine": record.machine, "Data": record.data}
    lines = [f"# {record.title}", "", record.summary, ""]
    lines += [
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in (facts | {"Model": record.model}).items()),
    ]
    lines += ["", _line(record.columns), "|" + "---|" * len(record.columns), *map(_line, record.rows), ""]
    if record.picture:
        lines += [f"![{record.title}](../../Resources/Screenshots/{record.picture})", ""]
    if record.notes:
        lines += [record.notes.strip(), ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return all pages by the name of their file."""
    records = {path.stem: read(path) for path in sorted(RECORDS.glob("*.yaml"))}
    index = _INDEX + "".join(
        f"| [{record.title}]({name}.md) | {record.summary} | {record.date} |\n" for name, record in records.items()
    )
    return {"README.md": index} | {f"{name}.md": page_of(record) for name, record in records.items()}


def _line(cells: list) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main() -> None:
    """Write the pages and take away those of records that are no longer there."""
    wanted = pages()
    for path in PAGES.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (PAGES / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
