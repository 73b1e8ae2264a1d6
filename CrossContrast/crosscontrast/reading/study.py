"""What the organiser of a reader study writes: ``STUDY.yaml``."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from crosscontrast.errors import BadInputError
from crosscontrast.reading.questions import AnyQuestion

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Arm(_Part):
    """One kind of image of every case: the cohort's ``role``, and whether it was acquired or made by a program."""

    name: _Name
    role: str
    real: bool = True


class CaseTruth(_Part):
    """The cohort's column that tells which cases are positive, and the value that says so."""

    column: str
    positive: str = "1"


class Display(_Part):
    """How every image is shown: voxel size in mm (by default that of the arms), window as percentiles."""

    spacing: tuple[float, float, float] | None = None
    percentiles: tuple[float, float] = (0.5, 99.5)

    @model_validator(mode="after")
    def _in_order(self) -> "Display":
        low, high = self.percentiles
        if not 0 <= low < high <= 100:
            raise ValueError("percentiles are two numbers from 0 to 100, the smaller one first")
        if self.spacing and min(self.spacing) <= 0:
            raise ValueError("spacing is three numbers above 0")
        return self


class Study(_Part):
    """A reader study as its organiser wants it.

    ``sessions`` is by default as small as the rule allows that a session shows a case once: one per arm, and one more
    for repeats. ``repeats`` is the share of readings that a reader gets twice. In a ``split-plot`` design readers and
    cases are divided into ``blocks``, and a reader reads all arms of the cases of one block.
    """

    title: Annotated[str, Field(min_length=1)]
    instructions: str = ""
    cohort: Path
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    readers: Annotated[tuple[_Name, ...], Field(min_length=1)]
    questions: Annotated[tuple[AnyQuestion, ...], Field(min_length=1)]
    seed: Annotated[int, Field(ge=0)]
    cases: tuple[str, ...] | None = None
    training: tuple[str, ...] = ()
    truth: CaseTruth | None = None
    design: Literal["crossed", "split-plot"] = "crossed"
    blocks: Annotated[int, Field(ge=1)] = 1
    sessions: int | None = None
    repeats: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    washout_days: Annotated[int, Field(ge=0)] = 28
    display: Display = Display()

    @property
    def session_count(self) -> int:
        """The number of sessions."""
        return self.sessions or self.fewest_sessions

    @property
    def fewest_sessions(self) -> int:
        """The smallest number of sessions in which no session shows a case twice."""
        return len(self.arms) + (1 if self.repeats else 0)

    @model_validator(mode="after")
    def _is_consistent(self) -> "Study":
        for what, names in (
            ("arm", [arm.name for arm in self.arms]),
            ("reader", list(self.readers)),
            ("question", [question.id for question in self.questions]),
        ):
            twice = next((name for name in names if [n.lower() for n in names].count(name.lower()) > 1), None)
            if twice:
                raise ValueError(f"the {what} {twice!r} stands twice")
        if self.session_count < self.fewest_sessions:
            why = f"{len(self.arms)} arms" + (" and repeats" if self.repeats else "")
            raise ValueError(f"{why} need at least {self.fewest_sessions} sessions, so that none shows a case twice")
        if (self.design == "split-plot") != (self.blocks > 1):
            raise ValueError("a split-plot design has 2 or more blocks, and a crossed one has no blocks")
        if self.blocks > len(self.readers):
            raise ValueError(f"{self.blocks} blocks need at least as many readers")
        if self.truth is None and any(getattr(question, "truth", None) == "case" for question in self.questions):
            raise ValueError("a question with truth 'case' needs the study's truth column")
        return self


def read_study(path: Path) -> Study:
    """Read ``STUDY.yaml``; the cohort's path is taken relative to it.

    Raises :class:`BadInputError` naming the file, the entry and the reason.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        place = getattr(error, "problem_mark", None)
        where = f", line {place.line + 1}" if place else ""
        raise BadInputError(f"{path}{where} is not YAML.") from error
    if not isinstance(data, dict):
        raise BadInputError(f"{path} is not a table of entries and values.")
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInputError(f"{path}: {f'{entry}: ' if entry else ''}{reason[:1].lower()}{reason[1:]}.") from error
    return study.model_copy(update={"cohort": (path.parent / study.cohort).resolve()})
