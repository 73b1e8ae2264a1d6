"""What a reader, and every program that shows images to a reader, may know of a study."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.reading.plan import Plan
from crosscontrast.reading.questions import AnyQuestion


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProgramReading(_Part):
    """A reading by its neutral name; ``image`` is the name of its blinded file, which no reader is shown."""

    id: str
    session: int
    training: bool
    image: str


class Program(_Part):
    """The readings of one reader in their order, without cases and arms; ``plan`` is the plan's fingerprint."""

    title: str
    instructions: str
    reader: str
    plan: str
    washout_days: int
    questions: tuple[AnyQuestion, ...]
    readings: tuple[ProgramReading, ...]

    def reading(self, reading_id: str) -> ProgramReading | None:
        """Return a reading of this reader by its name."""
        return next((reading for reading in self.readings if reading.id == reading_id), None)

    def write(self, path: Path) -> None:
        """Write the program as JSON."""
        with atomic_write(path) as temporary:
            temporary.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def program_of(plan: Plan, reader: str) -> Program:
    """Return what ``reader`` reads; raises :class:`BadInputError` for somebody who is not in the plan."""
    if reader not in plan.study.readers:
        raise BadInputError(f"The study has no reader {reader!r}.", f"readers: {', '.join(plan.study.readers)}")
    files = {(image.case, image.arm): image.file for image in plan.images}
    own = sorted((r for r in plan.readings if r.reader == reader), key=lambda r: (r.session, r.position))
    return Program(
        title=plan.study.title,
        instructions=plan.study.instructions,
        reader=reader,
        plan=plan.fingerprint,
        washout_days=plan.study.washout_days,
        questions=plan.study.questions,
        readings=tuple(
            ProgramReading(id=r.id, session=r.session, training=r.training, image=files[r.case, r.arm]) for r in own
        ),
    )


def read_program(path: Path) -> Program:
    """Read a program that :meth:`Program.write` wrote; raises :class:`BadInputError`."""
    try:
        return Program.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, ValidationError) as error:
        raise BadInputError(f"{path} does not hold a reader's part of a study.") from error
