"""The plan of a study: every reading of every reader, and the key from neutral names to cases and arms.

The plan is the organiser's. Readers and the programs that show them images get a :class:`~.program.Program`, which
is made of it without cases and arms.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.reading.assign import Slot
from crosscontrast.reading.balance import faults
from crosscontrast.reading.study import Study
from crosscontrast.version import __version__

PLAN_FILE = "plan.json"
IMAGE_FOLDER = "images"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannedCase(_Part):
    """A case and its truth; ``positive`` is ``None`` where the study has none."""

    name: str
    training: bool
    positive: bool | None


class BlindedImage(_Part):
    """An image of a case: where it came from and the copy that readers get."""

    case: str
    arm: str
    source: str
    source_sha256: str
    file: str
    sha256: str


class Reading(_Part):
    """One image shown to one reader once; ``id`` is all that anybody but the organiser learns of it."""

    id: str
    reader: str
    session: int
    position: int
    case: str
    arm: str
    copy_number: int
    training: bool


class Plan(_Part):
    """A study that is ready to be read. ``salt`` is random, so that nobody can compute names from the seed."""

    software: str = "CrossContrast"
    version: str = __version__
    date: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    salt: str
    study: Study
    cases: tuple[PlannedCase, ...]
    images: tuple[BlindedImage, ...]
    readings: tuple[Reading, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the plan's content, the same however the file is laid out."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def image_of(self, reading: Reading) -> BlindedImage:
        """Return the image that a reading shows."""
        return next(image for image in self.images if (image.case, image.arm) == (reading.case, reading.arm))

    def write(self, path: Path) -> None:
        """Write the plan with its fingerprint."""
        content = {"plan": self.model_dump(mode="json"), "sha256": self.fingerprint}
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def neutral_name(salt: str, *parts: object) -> str:
    """Return a name that tells nothing to anybody who lacks the salt: 16 hexadecimal digits."""
    message = "\0".join(map(str, parts)).encode()
    return hmac.new(salt.encode(), message, hashlib.sha256).hexdigest()[:16]


def make_readings(slots: list[Slot], salt: str) -> tuple[Reading, ...]:
    """Name the readings."""
    return tuple(
        Reading(
            id=neutral_name(salt, "reading", slot.reader, slot.session, slot.position),
            reader=slot.reader,
            session=slot.session,
            position=slot.position,
            case=slot.case,
            arm=slot.arm,
            copy_number=slot.copy,
            training=slot.training,
        )
        for slot in slots
    )


def read_plan(folder: Path) -> Plan:
    """Read the plan of the study folder and check that nobody has changed it.

    Raises :class:`BadInputError` where there is none, where it does not match its fingerprint and where its readings
    are not balanced.
    """
    path = folder / PLAN_FILE
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        plan = Plan.model_validate(content["plan"])
        written = str(content["sha256"])
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.", "make it with: reader plan") from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise BadInputError(f"{path} is not the plan of a reader study.") from error
    if not hmac.compare_digest(plan.fingerprint, written):
        raise BadInputError(f"{path} was changed after it was made: its content does not match its fingerprint.")
    wrong = faults(plan.study, slots_of(plan))
    if wrong:
        raise BadInputError(f"{path} cannot be used: {wrong[0]}")
    return plan


def slots_of(plan: Plan) -> list[Slot]:
    """Return the readings as they were assigned."""
    return [Slot(r.reader, r.session, r.position, r.case, r.arm, r.copy_number, r.training) for r in plan.readings]
