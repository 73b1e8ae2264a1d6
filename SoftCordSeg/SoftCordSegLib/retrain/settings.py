"""How a model is retrained, and what a retrained model must keep to."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.models.spec import Strict
from SoftCordSegLib.training.config import PATCHES, Count, LossName, Positive, Shape

Limit = Annotated[float, Field(ge=0)]


class Limits(Strict):
    """The gate: what the figures on the frozen test subjects may do from the base model to the retrained one.

    Means over subjects. ``dice_fall`` and ``soft_dice_fall`` are how far these may fall, ``csa_error_rise_mm2`` and
    ``csa_sd_rise_mm2`` (spread of a person's area across contrasts) how far these may rise. ``csa_drift_mm2`` is how
    far areas may move on average, either way, on the images on which the base model was right, which means that its
    area was off by ``right_within_mm2`` at most: there a change is a loss of comparability and no gain. With
    ``require_gain``, soft Dice must rise or the area's error must fall.
    """

    dice_fall: Limit = 0.005
    soft_dice_fall: Limit = 0.005
    csa_error_rise_mm2: Limit = 0.5
    csa_sd_rise_mm2: Limit = 0.5
    csa_drift_mm2: Limit = 3.0
    right_within_mm2: Limit = 3.0
    require_gain: bool = True


class RetrainSettings(Strict):
    """Settings of a retraining; the defaults take about an hour on two CPU cores.

    ``corrected_share`` of the bodies in training are corrected images and the others generated ones, so that what the
    model knew is rehearsed. ``augmentation`` is how strongly corrected images are varied (1 as in Bédard et al. 2023).
    """

    steps: Count = 3000
    learning_rate: Positive = 4e-4
    corrected_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    augmentation: Annotated[float, Field(ge=0, le=1)] = 1.0
    losses: dict[LossName, Positive] = Field(default={"bce": 10.0, "dice": 0.1}, min_length=1)
    patches: Annotated[tuple[Shape, ...], Field(min_length=1)] = PATCHES
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.99
    batch: Count = 2
    geometries: Count = 4
    appearances: Count = 2
    validation_samples: Count = 12
    seed: int = 0
    limits: Limits = Limits()


def read_settings(path: Path) -> RetrainSettings:
    """Read a JSON file; what it leaves out keeps its default.

    Raises :class:`BadInputError` naming the file and the setting that is wrong.
    """
    try:
        return RetrainSettings.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"The settings {path} cannot be read: {error}.") from error
    except json.JSONDecodeError as error:
        raise BadInputError(f"The settings {path} are not JSON: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadInputError(f"The settings {path} are wrong at {where}: {first['msg']}.") from error
