"""How outcomes are predicted."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

ModelName = Literal["random-forest", "pca-random-forest", "logistic", "cnn"]
MODELS: tuple[ModelName, ...] = get_args(ModelName)


class OutcomeSettings(BaseModel):
    """Nested cross-validation grouped by subject.

    ``folds`` outer folds give every image a score from a model that never saw its subject, ``repeats`` times with other
    folds, which the intervals need; ``inner_folds`` inside each training part choose the model's own settings by AUC.
    ``epochs`` and ``cube`` (voxels a side) are those of the CNN, ``trees`` those of the forests.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[ModelName, ...] = ("random-forest", "pca-random-forest", "logistic")
    folds: int = Field(default=5, ge=2)
    inner_folds: int = Field(default=3, ge=2)
    repeats: int = Field(default=5, ge=1)
    trees: int = Field(default=200, ge=10)
    epochs: int = Field(default=40, ge=1)
    cube: int = Field(default=32, ge=16)
    resamples: int = Field(default=2000, ge=100)
    seed: int = 0
