"""Everything that decides a training, in one file that is kept with the model."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from crosscontrast.cord.translator.contrasts import KINDS, LEVELS
from crosscontrast.models.spec import NetworkSpec
from crosscontrast.training.settings import Count, NotNegative, Positive, RunSettings

Term = Literal["tissues", "images"]


class TranslatorConfig(RunSettings):
    """The settings of the cord translator's training.

    ``bodies`` anatomies are drawn once, kept in the folder ``store`` where one is given, and shown again and again,
    each time in a contrast, with a scanner and artefacts of its own. ``wide_share`` of them are anywhere in the body,
    the others about the cord. ``label_maps`` is a folder of cord and CSF masks whose shapes half of the necks take.
    ``patch`` (D, H, W, voxels of 1 mm) is also the window that inference uses, as instance normalisation makes the
    answer depend on it. ``initial_weights`` is a state dict of a network with the same trunk, whose last layer is left
    out. ``terms`` are the losses with their weights, of tissues (cross-entropy) and images (squared error); voxels in
    and about the canal count ``canal_weight`` more than others. What is measured are ``validation_samples`` generated
    images.
    """

    network: NetworkSpec = NetworkSpec(
        name="TissueTranslator",
        arguments={
            "network": "CompactUNet",
            "arguments": {
                "in_channels": 1,
                "out_channels": len(KINDS),
                "channels": [24, 48, 96, 128],
                "fine": 8,
                "dropout": 0.1,
            },
            "levels": [list(levels) for levels in LEVELS],
        },
    )
    initial_weights: Path | None = None
    terms: dict[Term, Positive] = Field(default={"tissues": 1.0, "images": 5.0}, min_length=1)
    canal_weight: NotNegative = 4.0
    patch: tuple[Count, Count, Count] = (48, 64, 64)
    batch: Count = 2
    bodies: Count = 600
    wide_share: Annotated[float, Field(ge=0, le=1)] = 0.4
    store: Path | None = None
    label_maps: Path | None = None
    steps: Count = 4000
    warmup: Count = 100
    learning_rate: Positive = 1.5e-3
    weight_decay: NotNegative = 1e-4
    clip: Positive = 2.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.995
    log_steps: Count = 25
    validation_samples: Count = 24
    validation_minutes: Positive | None = 10.0
    checkpoint_minutes: NotNegative = 3.0
