"""The answers of a study together with what the plan knows of their readings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from crosscontrast.errors import BadInputError
from crosscontrast.reading.plan import Plan
from crosscontrast.reading.store import Answer


@dataclass(frozen=True)
class StudyAnswer:
    """One answered reading; ``place`` counts the readings of its reader, ``copy`` is 2 for a repeat."""

    reader: str
    session: int
    place: int
    case: str
    arm: str
    copy: int
    training: bool
    values: dict[str, Any]
    seconds: float
    paused_seconds: float
    answered: float


def join_answers(plan: Plan, answers: Iterable[Answer]) -> list[StudyAnswer]:
    """Return the answers in the order in which each reader read, training among them.

    Raises :class:`BadInputError` for an answer to a reading that is not in the plan.
    """
    planned = {(reading.reader, reading.id): reading for reading in plan.readings}
    order = {
        (r.reader, r.id): number
        for number, r in enumerate(sorted(plan.readings, key=lambda r: (r.reader, r.session, r.position)))
    }
    first = {reader: min(order[key] for key in order if key[0] == reader) for reader in plan.study.readers}
    found = []
    for answer in answers:
        key = (answer.reader, answer.reading)
        if key not in planned:
            raise BadInputError(f"The database holds an answer of {answer.reader} that is not in the plan.")
        r = planned[key]
        found.append(
            StudyAnswer(
                reader=r.reader,
                session=r.session,
                place=order[key] - first[r.reader] + 1,
                case=r.case,
                arm=r.arm,
                copy=r.copy_number,
                training=r.training,
                values=answer.values,
                seconds=answer.active_seconds,
                paused_seconds=answer.paused_seconds,
                answered=answer.answered,
            )
        )
    return sorted(found, key=lambda a: (a.reader, a.place))
