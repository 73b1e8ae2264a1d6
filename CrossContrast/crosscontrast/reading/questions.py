"""The questions of a reader study, and what counts as an answer to them."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crosscontrast.errors import BadInputError

#: What a question's rating can be measured against: the case's own truth, or whether the image was acquired (real).
Truth = Literal["case", "real"]
REAL, SYNTHETIC = "real", "synthetic"
#: Longest free text in characters.
LONGEST_TEXT = 2000


class Question(BaseModel, ABC):
    """A question; ``id`` names it in tables, ``text`` is what readers see."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    text: Annotated[str, Field(min_length=1)]
    required: bool = True

    def check(self, value: Any) -> Any:
        """Return the answer as it is stored, ``None`` for none; raises :class:`BadInputError` where it is not one."""
        if value is None or value == "":
            if self.required:
                raise BadInputError(f"The question {self.id!r} needs an answer.")
            return None
        found = self._accepted(value)
        if found is None:
            raise BadInputError(f"{str(value)[:60]!r} is no answer to the question {self.id!r}.")
        return found

    @abstractmethod
    def _accepted(self, value: Any) -> Any:
        """Return the answer as it is stored, or ``None`` where it is not one."""


def _whole(value: Any, low: int, high: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high else None


class Likert(Question):
    """A rating from 1 to ``points``; ``labels`` names the points, or only the two ends."""

    kind: Literal["likert"] = "likert"
    points: Annotated[int, Field(ge=2, le=9)] = 5
    labels: tuple[str, ...] = ()
    truth: Truth | None = None

    @model_validator(mode="after")
    def _labels_fit(self) -> "Likert":
        if self.labels and len(self.labels) not in (2, self.points):
            raise ValueError(f"labels names the {self.points} points or the two ends")
        return self

    def _accepted(self, value: Any) -> int | None:
        return _whole(value, 1, self.points)


class YesNo(Question):
    """Yes or no."""

    kind: Literal["yes-no"] = "yes-no"

    def _accepted(self, value: Any) -> str | None:
        return value if value in ("yes", "no") else None


class Turing(Question):
    """The visual Turing test: is the image real (acquired) or synthetic?"""

    kind: Literal["turing"] = "turing"

    def _accepted(self, value: Any) -> str | None:
        return value if value in (REAL, SYNTHETIC) else None


class Choice(Question):
    """One of several options."""

    kind: Literal["choice"] = "choice"
    options: Annotated[tuple[str, ...], Field(min_length=2, max_length=9)]

    def _accepted(self, value: Any) -> str | None:
        return value if value in self.options else None


class Number(Question):
    """A number between two limits."""

    kind: Literal["number"] = "number"
    minimum: float = 0.0
    maximum: float = 1e6
    unit: str = ""

    def _accepted(self, value: Any) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if self.minimum <= value <= self.maximum else None


class Confidence(Question):
    """A confidence from 0 to 100, what ROC curves are made of."""

    kind: Literal["confidence"] = "confidence"
    truth: Truth | None = None

    def _accepted(self, value: Any) -> int | None:
        return _whole(value, 0, 100)


class Text(Question):
    """Free text."""

    kind: Literal["text"] = "text"
    required: bool = False

    def _accepted(self, value: Any) -> str | None:
        return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else None


class Point(Question):
    """A point marked in the image, stored as millimetres to the right, to the front and to the top (RAS)."""

    kind: Literal["point"] = "point"
    required: bool = False

    def _accepted(self, value: Any) -> list[float] | None:
        if not isinstance(value, list | tuple) or len(value) != 3:
            return None
        numbers = all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
        return [round(float(part), 3) for part in value] if numbers and all(abs(p) < 1e5 for p in value) else None


AnyQuestion = Annotated[
    Likert | YesNo | Turing | Choice | Number | Confidence | Text | Point, Field(discriminator="kind")
]


def check_answers(questions: tuple[AnyQuestion, ...], values: Any) -> dict[str, Any]:
    """Return the answers of one reading as they are stored, by question.

    Raises :class:`BadInputError` for an answer that is missing or none, or that belongs to no question.
    """
    if not isinstance(values, dict):
        raise BadInputError("The answers are not a table of question and answer.")
    unknown = set(values) - {question.id for question in questions}
    if unknown:
        raise BadInputError(f"There is no question {str(sorted(map(str, unknown))[0])[:60]!r}.")
    return {question.id: question.check(values.get(question.id)) for question in questions}
