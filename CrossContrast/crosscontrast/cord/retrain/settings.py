"""How a model is retrained, and what a retrained model must keep to."""

import json
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from crosscontrast.cord.retrain.steps import DEFAULT_STEPS
from crosscontrast.cord.teaching.config import LossName, Shape
from crosscontrast.errors import BadInputError, faults_of
from crosscontrast.models.spec import Strict
from crosscontrast.training.settings import Count, Positive

Limit = Annotated[float, Field(ge=0)]


class Limits(Strict):
    """The gate: what the figures on the frozen test subjects must keep to. See :mod:`crosscontrast.cord.retrain.gate`.

    *Not worse than the base model*, in means over subjects: ``dice_fall``, ``soft_dice_fall``, ``csa_error_rise_mm2``,
    ``csa_sd_rise_mm2`` (spread of a subject's area across contrasts), ``centre_distance_rise_mm`` (between the
    centrelines of segmentation and mask) and ``hausdorff95_rise_mm`` (a voxel of 1 mm, as models see them) are how far
    these may fall or rise. ``subject_dice_fall`` and ``subject_csa_error_rise_mm2`` are the same for the subject for
    whom it is worst, so that a mean does not hide a subject.

    *Comparable with the base model*: ``csa_drift_mm2`` is how far areas may move on average, either way, on the images
    on which the base model was right, which means that its area was off by ``right_within_mm2`` at most and its Dice
    at least ``right_dice`` (an area alone may be right by chance).

    *Right in itself*, whatever the base model was, as any model looks good beside a bad one:
    ``subject_centre_distance_mm`` is the largest mean distance of a subject's centrelines, half of the cord's radius
    from front to back; ``displacement_mm`` the largest mean displacement to one side in any contrast, a voxel;
    ``area_bias`` the largest mean relative error of the area with its sign in any contrast, no more than the atrophy
    that areas are measured for; ``missed_share`` the largest mean share of the cord's slices without segmentation.

    *Has learnt what it was taught*: ``learnt_distance_mm`` is the largest mean distance between its centrelines and the
    corrections that it was trained on; of their slices it may not miss more than ``missed_share`` beyond those that the
    base model misses, as what finds the cord is not trained. Masks with left and right exchanged still teach areas
    rightly, as a cord is nearly symmetric, but no model can follow them.

    With ``require_gain``, soft Dice must rise or the area's error must fall.
    """

    dice_fall: Limit = 0.005
    soft_dice_fall: Limit = 0.005
    csa_error_rise_mm2: Limit = 0.5
    csa_sd_rise_mm2: Limit = 0.5
    centre_distance_rise_mm: Limit = 0.25
    hausdorff95_rise_mm: Limit = 1.0
    subject_dice_fall: Limit = 0.03
    subject_csa_error_rise_mm2: Limit = 3.0
    csa_drift_mm2: Limit = 3.0
    right_within_mm2: Limit = 3.0
    right_dice: Limit = 0.85
    subject_centre_distance_mm: Limit = 2.0
    displacement_mm: Limit = 1.0
    area_bias: Limit = 0.1
    missed_share: Limit = 0.1
    learnt_distance_mm: Limit = 1.0
    require_gain: bool = True


class RetrainSettings(Strict):
    """Settings of a retraining; the defaults take ten to twenty minutes on one idle CPU core.

    ``corrected_share`` of the bodies in training are corrected images and the others generated ones, so that what the
    model knew is rehearsed. ``augmentation`` is how strongly corrected images are varied (1 as in Bédard et al. 2023).
    Without ``patches`` the base model is shown patches of the sizes that it knows.
    """

    steps: Count = DEFAULT_STEPS
    learning_rate: Positive = 4e-4
    corrected_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    augmentation: Annotated[float, Field(ge=0, le=1)] = 1.0
    losses: dict[LossName, Positive] = Field(default={"bce": 10.0, "dice": 0.1}, min_length=1)
    patches: Annotated[tuple[Shape, ...], Field(min_length=1)] | None = None
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.99
    batch: Count = 2
    geometries: Count = 4
    appearances: Count = 2
    validation_samples: Count = 12
    seed: int = 0
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _bodies_fill_the_batches(self) -> Self:
        if self.geometries % self.batch:
            raise ValueError(f"geometries ({self.geometries}) must be a multiple of batch ({self.batch})")
        return self


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
        raise BadInputError(f"The settings {path} are wrong: {faults_of(error)}.") from error
