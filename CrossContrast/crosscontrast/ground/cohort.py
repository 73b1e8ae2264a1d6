"""The cohort table: one TSV that training, benchmarks, radiomics and reader studies all read."""

import csv
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crosscontrast.errors import BadInputError, faults_of
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.tables import TableWriter, from_cell

Split = Literal["train", "validation", "test", ""]
#: The role of rows of a table without roles.
_NO_ROLE = "-"
Name = Annotated[str, Field(min_length=1)]


class CohortRow(BaseModel):
    """One image of one subject.

    Attributes
    ----------
    subject : str
        Whom it is of. Splits are by subject.
    session : str
        Of which visit; may be empty.
    role : str
        What the image is: ``T1w``, ``us``, ``synthetic``.
    image : path
        Its file or DICOM folder.
    mask : path, optional
        A mask on its grid.
    split : str
        ``train``, ``validation``, ``test`` or empty.
    outcomes : dict of str to str
        The further columns of the table as text.

    Examples
    --------
    >>> CohortRow(subject="sub-01", role="T2w", image=Path("sub-01_T2w.nii.gz"), outcomes={"age": "61"}).split
    ''
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    subject: Name
    session: str = ""
    role: Name
    image: Path
    mask: Path | None = None
    split: Split = ""
    outcomes: dict[str, str] = {}


@dataclass(frozen=True)
class Cohort:
    """The rows of a cohort table that were found to be consistent."""

    path: Path
    rows: tuple[CohortRow, ...]

    def select(self, *, role: str | None = None, split: str | None = None) -> list[CohortRow]:
        """Return the rows of a role and a split (``None``: any)."""
        return [r for r in self.rows if role in (None, r.role) and split in (None, r.split)]

    def subjects(self, split: str | None = None) -> list[str]:
        """Return the subjects of a split in the order of the table."""
        return list(dict.fromkeys(r.subject for r in self.select(split=split)))

    def pairs(self, source: str, target: str, split: str | None = None) -> Iterator[tuple[CohortRow, CohortRow]]:
        """Yield the rows of two roles that belong to the same subject and session.

        Raises :class:`BadInputError` naming the first row of ``source`` that has no partner.
        """
        partners = {(r.subject, r.session): r for r in self.select(role=target, split=split)}
        for row in self.select(role=source, split=split):
            partner = partners.get((row.subject, row.session))
            if partner is None:
                visit = f"{row.subject} {row.session}".strip()
                raise BadInputError(f"{self.path}: {visit} has an image of role {source!r} but none of {target!r}.")
            yield row, partner


def read_cohort(path: str | os.PathLike[str], *, files: bool = True) -> Cohort:
    """Read and check a cohort table.

    Parameters
    ----------
    path : str or path
        Tab-separated UTF-8 text whose first line names the columns: ``subject``, ``role`` and ``image`` must be there,
        ``session``, ``mask`` and ``split`` (``train``, ``validation``, ``test``) may, others are outcomes. Paths in it
        are relative to it.
    files : bool, default True
        Without, the images need not be there, and the columns ``role`` and ``image`` neither.

    Returns
    -------
    Cohort
        ``rows``; ``select``, ``subjects`` and ``pairs`` choose among them.

    Raises
    ------
    CrossContrastError
        Naming the table, the line and the reason: missing columns or files, doubled rows, a subject in two splits.

    Examples
    --------
    >>> Path("sub-01_T2w.nii.gz").touch()
    >>> _ = Path("cohort.tsv").write_text("subject\\trole\\timage\\nsub-01\\tT2w\\tsub-01_T2w.nii.gz\\n")
    >>> read_cohort("cohort.tsv").subjects()
    ['sub-01']
    """
    path = Path(path)
    lines = _read_lines(path, ("subject", "role", "image") if files else ("subject",))
    rows = tuple(_parse(path, number, line) for number, line in lines)
    if not rows:
        raise BadInputError(f"{path} has no rows below its header.")
    _check_rows(path, [number for number, _ in lines], rows, files)
    return Cohort(path, rows)


def write_cohort(path: str | os.PathLike[str], rows: Sequence[CohortRow]) -> None:
    """Write a cohort table.

    Parameters
    ----------
    path : str or path
        The file, which is replaced; paths in it will be relative to it.
    rows : sequence of CohortRow
        One image each, one or more, all with the same outcomes.

    Raises
    ------
    CrossContrastError
        Where the table cannot be written.

    Examples
    --------
    >>> write_cohort("written.tsv", [CohortRow(subject="sub-01", role="T2w", image=Path("a.nii.gz"))])
    >>> print(Path("written.tsv").read_text().splitlines()[0].split())
    ['subject', 'session', 'role', 'image', 'mask', 'split']
    """
    path = Path(path)
    outcomes = list(rows[0].outcomes)
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = TableWriter(stream)
        writer.writerow(["subject", "session", "role", "image", "mask", "split", *outcomes])
        for row in rows:
            files = [os.path.relpath(file, path.parent) if file else "" for file in (row.image, row.mask)]
            others = [row.outcomes[name] for name in outcomes]
            writer.writerow([row.subject, row.session, row.role, *files, row.split, *others])


def _read_lines(path: Path, needed: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, delimiter="\t", strict=True)
            columns = reader.fieldnames or []
            missing = [c for c in needed if c not in columns]
            if missing:
                raise BadInputError(f"{path} lacks the column(s) {', '.join(missing)}.", "columns are tab-separated")
            if len(set(columns)) < len(columns):
                raise BadInputError(f"{path} has a column twice.")
            lines = [(reader.line_num, line) for line in reader]
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"{path} is not a tab-separated UTF-8 table: {error}.") from error
    for number, line in lines:
        if None in line or None in line.values():
            raise BadInputError(f"{path}, line {number}: the number of columns differs from the header's.")
    return lines


def _parse(path: Path, number: int, line: dict[str, str]) -> CohortRow:
    known = {key: from_cell(line[key].strip()) for key in CohortRow.model_fields if key in line and key != "outcomes"}
    for key in ("image", "mask"):
        if known.get(key):
            known[key] = str(path.parent / known[key])
        else:
            known.pop(key, None)
    known = {"role": _NO_ROLE, "image": str(path.parent)} | known  # where they need not be there
    others = {key: from_cell(value.strip()) for key, value in line.items() if key not in CohortRow.model_fields}
    try:
        return CohortRow.model_validate({**known, "outcomes": others})
    except ValidationError as error:
        raise BadInputError(f"{path}, line {number}: column {faults_of(error)}.") from error


def _check_rows(path: Path, numbers: list[int], rows: tuple[CohortRow, ...], files: bool) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    splits: dict[str, dict[str, int]] = defaultdict(dict)
    for number, row in zip(numbers, rows, strict=True):
        for file in filter(None, (row.image, row.mask) if files else ()):
            if not file.exists():
                raise BadInputError(f"{path}, line {number}: {file} does not exist.")
        key = (row.subject, row.session, row.role)
        if key in seen:
            raise BadInputError(
                f"{path}, line {number}: {' '.join(filter(None, key))} stands already in line {seen[key]}."
            )
        seen[key] = number
        splits[row.subject].setdefault(row.split, number)
        if len(splits[row.subject]) > 1:
            (one, first), (other, second) = splits[row.subject].items()
            raise BadInputError(
                f"{path}: subject {row.subject} is in split {one or 'none'!r} (line {first}) and in "
                f"{other or 'none'!r} (line {second}); a subject belongs to one split."
            )
