"""What every training's settings have, and reading them from a file."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError

from crosscontrast.errors import BadInputError
from crosscontrast.models.spec import Strict

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]

#: The settings of a training, in its folder.
CONFIG = "config.json"
#: Lightning's words, which settings of translators had before version 0.2.
_LIGHTNING = {"32-true": "full", "bf16-mixed": "bf16", "16-mixed": "fp16"}


def _one_vocabulary(word: Any) -> Any:
    return _LIGHTNING.get(word, word) if isinstance(word, str) else word


Precision = Annotated[Literal["full", "bf16", "fp16"], BeforeValidator(_one_vocabulary)]


class RunSettings(Strict):
    """How long and how anything is trained.

    ``steps`` is the length of the cosine schedule, which ``warmup`` steps of a linear rise begin. ``clip`` is the
    greatest norm of a player's gradients. ``ema`` is the decay of the weights' moving average, which is what is
    exported. ``precision`` is full on processors that would only imitate the shorter numbers. ``workers`` processes
    prepare batches; 0 does it in the training process, which is right where cores are few. The log has a line every
    ``log_steps``. What the training has learnt is measured and drawn every ``validation_steps`` (0: never) and every
    ``validation_minutes``, and at the end; checkpoints come every ``checkpoint_minutes`` and at the end.
    """

    steps: Count = 2000
    warmup: Count = 1
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-5
    clip: Positive = 5.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.99
    precision: Precision = "full"
    workers: Annotated[int, Field(ge=0)] = 0
    seed: int = 0
    log_steps: Count = 20
    validation_steps: Annotated[int, Field(ge=0)] = 0
    validation_minutes: Positive | None = None
    checkpoint_minutes: NotNegative = 2.0

    def rate(self, step: int, relative: float = 1.0) -> float:
        """Return the learning rate at ``step``: a linear rise, then a cosine down to a fiftieth.

        ``relative`` is a player's rate in units of ``learning_rate``.
        """
        rise = min(1.0, (step + 1) / self.warmup)
        share = min(1.0, step / self.steps)
        return self.learning_rate * relative * rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


Config = TypeVar("Config", bound=RunSettings)


def read_config(path: Path, kind: type[Config], given: Mapping[str, object] | None = None) -> Config:
    """Read a JSON configuration; ``given`` (what the user named otherwise) replaces its settings.

    Settings that the file leaves out keep their defaults. Raises :class:`BadInputError` naming the file and the setting
    that is wrong.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"The training configuration {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadInputError(f"The training configuration {path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise BadInputError(f"The training configuration {path} does not hold a JSON object.")
    return make_config(kind, content | dict(given or {}), f"The training configuration {path}")


def make_config(kind: type[Config], settings: dict[str, object], what: str = "The training's settings") -> Config:
    """Return the configuration of these settings; raises :class:`BadInputError` naming the one that is wrong."""
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInputError(f"{what} cannot be used: {f'{where}: ' if where else ''}{reason}.") from error
