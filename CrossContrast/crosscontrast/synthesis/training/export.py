"""From a training to bundles of the model library: the translator, and its way back where it has one."""

import json
from pathlib import Path
from typing import cast

from crosscontrast.ground.files import sha256
from crosscontrast.models.bundle import GATE_INPUT, GATE_OUTPUT, BundleMetadata, write_bundle
from crosscontrast.models.find import BACK, THERE
from crosscontrast.models.spec import ModelSpec
from crosscontrast.radiomics.gate.profile import FEWEST, build_profile
from crosscontrast.synthesis.objectives.base import Objective
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE
from crosscontrast.synthesis.training.cases import read_pairs
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.synthesis.training.translator import Preparation, model_spec
from crosscontrast.training.state import State


def export(config: TrainingConfig, state: State, folder: Path) -> dict[str, Path]:
    """Write the averaged networks of a training as bundles into its folder; return them by kind.

    A step that has been written already is left as it is. Raises :class:`crosscontrast.errors.ModelError` and
    :class:`crosscontrast.errors.OutputError`.
    """
    preparation = Preparation(config)
    objective = cast(Objective, state.learner)
    written = {}
    for kind, name in ((THERE, "generator"), (BACK, "back")):
        if name not in state.average:
            continue
        path = folder / f"{kind}-{state.step:06d}"
        if not path.exists():
            spec = model_spec(preparation, objective, back=kind == BACK)
            metadata = _metadata(config, spec, state.step)
            weights = {key: value.cpu() for key, value in state.average[name].state_dict().items()}
            card = _card(config, spec, state, len(preparation.train))
            write_bundle(path, spec, weights, metadata, card, more=_profiles(config, back=kind == BACK))
        written[kind] = path
    return written


def _profiles(config: TrainingConfig, *, back: bool) -> dict[str, bytes]:
    """Describe the training's images for the quality gate; of too few of them there is no profile."""
    pairs = read_pairs(config, "train")
    if len(pairs) < FEWEST:
        return {}
    sources, targets = ([row.image for row in rows] for rows in zip(*pairs, strict=True))
    files = {GATE_INPUT: targets if back else sources, GATE_OUTPUT: sources if back else targets}
    return {name: build_profile(images).model_dump_json(indent=1).encode() for name, images in files.items()}


def _metadata(config: TrainingConfig, spec: ModelSpec, step: int) -> BundleMetadata:
    entry = CATALOGUE[config.network]
    return BundleMetadata(
        name=f"{spec.inputs[0]} to {spec.outputs[0]}",
        version=f"{step}",
        task="Image-to-image translation",
        description=f"{entry.title} trained for {step} steps.",
        authors="trained with SlicerCrossContrast",
        copyright="that of the training's user",
        licence="as the training's user decides",
        changelog={f"{step}": "trained"},
    )


def _card(config: TrainingConfig, spec: ModelSpec, state: State, subjects: int) -> str:
    entry = CATALOGUE[config.network]
    settings = json.dumps(config.model_dump(mode="json"), indent=2)
    return f"""# {spec.inputs[0]} to {spec.outputs[0]}

{entry.title} ({entry.source}), {state.step} steps on {subjects} image pairs, {state.minutes:.1f} minutes.
Cohort table: {config.cohort.name}, SHA-256 {sha256(config.cohort)}.

A translated image can show what was never there, and miss what was. For research only, not a medical device.

## Settings

```json
{settings}
```
"""
