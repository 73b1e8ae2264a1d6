"""From a training's folder to a model that the library takes."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.evaluate import held_out, measure
from crosscontrast.cord.teaching.learner import read_weights
from crosscontrast.errors import BadInputError
from crosscontrast.models.bundle import CALIBRATION, FINDER, TRAINING, BundleMetadata, networks_of, write_bundle
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.load import load_model
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import Finder, Localisation, ModelSpec, Windowing
from crosscontrast.statistics.calibration import CalibrationCurve
from crosscontrast.training.settings import CONFIG, RunSettings, read_config
from crosscontrast.training.state import CHECKPOINT

OUTPUTS = ("cord", "canal")
#: Windows that follow the cord reach this far beyond its ends, in mm; a box around it is as much wider.
_MARGIN = 16.0

_CARD = """# {name} {version}

Soft segmentation of the spinal cord and the spinal canal in MRI. Research use only.

Trained by `crosscontrast cord train` with the settings in `{training}`. On {samples} generated images that it never
saw: {scores}.

{calibration}
"""


def package_training(
    training: Path,
    folder: Path,
    *,
    name: str,
    version: int = 1,
    finder: ModelEntry | None = None,
    evidence: float | None = None,
    card: str | None = None,
    description: str = "Soft segmentation of the spinal cord, trained with crosscontrast cord train.",
    licence: str = "as the trainer says",
) -> dict[str, float]:
    """Write the moving average of the training in ``training`` as the bundle ``folder``; return its held-out figures.

    A network that was trained on centred patches needs the model ``finder``, whose coarse pass proposes where its
    windows follow a cord; ``evidence`` is how much must speak for what they find, by default as the finder's own model
    has it. The weights are kept in half precision, which halves the files and moves no soft value by more than
    a few thousandths; the figures are those of what is kept. ``card`` is the model card (Markdown) instead of the one
    made here; ``{calibration}`` in it becomes the table of the calibration curve. Raises :class:`BadInputError` where
    the training or the finder does not fit.
    """
    config = read_config(training / CONFIG, TrainingConfig)
    weights = halved(read_weights(training / CHECKPOINT))
    spec, finder_weights = _spec(config, finder, evidence)
    network = build_network(config.network.name, **config.network.arguments)
    network.load_state_dict(weights)
    scores, curve = measure(network, held_out(config))
    text = card or _CARD.format(
        name=name,
        version=version,
        training=TRAINING,
        samples=config.validation_samples,
        scores=", ".join(f"{key} {value:.3f}" for key, value in scores.items()),
        calibration="{calibration}",
    )
    write_bundle(
        folder,
        spec,
        weights,
        BundleMetadata(
            name=name,
            version=str(version),
            task="Soft segmentation of the spinal cord and the spinal canal",
            description=description,
            authors="The CrossContrast contributors",
            copyright="Copyright The CrossContrast contributors",
            licence=licence,
            changelog={str(version): "Trained."},
        ),
        text.replace("{calibration}", calibration_table(curve)),
        finder=finder_weights,
        more={TRAINING: settings_file(config), CALIBRATION: draw_calibration(curve)},
        source="trained with crosscontrast cord train",
    )
    return scores


def _spec(
    config: TrainingConfig, finder: ModelEntry | None, evidence: float | None
) -> tuple[ModelSpec, dict[str, Any] | None]:
    """Return how the network is run, and the weights of the finder's coarse network."""
    windowing = Windowing(size=config.patches[0])
    if config.relative and not config.centred:
        raise BadInputError("A network with a relative channel needs centred patches: it follows a first estimate.")
    if not config.centred:
        localisation, weights = Localisation(output=OUTPUTS[0], margin=_MARGIN), None
    elif finder is None:
        raise BadInputError("A network that was trained on centred patches needs another model that finds the cord.")
    else:
        model = load_model(finder)
        if model.spec.outputs != OUTPUTS or model.spec.activation != "sigmoid":
            raise BadInputError(f"{finder} cannot find the cord for this network: its outputs are others.")
        found = model.spec.localisation
        if evidence is None:
            evidence = (found or Localisation(output=OUTPUTS[0])).evidence
        used = (found.finder if found else None) or Finder(network=model.spec.network, windowing=model.spec.windowing)
        localisation = Localisation(
            output=OUTPUTS[0],
            margin=_MARGIN,
            finder=used,
            follow=0,
            relative=OUTPUTS if config.relative else None,
            reaches=config.reaches,
            rounds=2 if config.relative else 1,
            evidence=evidence,
        )
        weights = halved((model.finder or model.network).state_dict())
    spec = ModelSpec(
        task="segmentation",
        network=config.network,
        outputs=OUTPUTS,
        windowing=windowing,
        localisation=localisation,
        mirror_axes=(2,),  # left and right are the only ends of a body that may change places,
    )
    assert (FINDER in networks_of(spec)) == (weights is not None)
    return spec, weights


def halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights in half precision; the network that they are loaded into computes in its own."""
    return {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}


def settings_file(config: RunSettings) -> bytes:
    """Return the configuration as JSON; of paths only the end, because the rest means nothing elsewhere."""
    values = config.model_dump(mode="json")
    for key in ("initial_weights", "label_maps", "cohort", "store"):
        if values.get(key):
            values[key] = str(Path(*Path(values[key]).parts[-2:]))
    return (json.dumps(values, indent=2) + "\n").encode()


def calibration_table(curve: CalibrationCurve) -> str:
    """Return the calibration curve as a Markdown table with its expected error."""
    rows = [
        f"| {predicted:.2f} | {observed:.2f} | {count:,} |"
        for predicted, observed, count in zip(curve.predicted, curve.observed, curve.count, strict=True)
        if count
    ]
    head = ["| mean soft value | true fraction | voxels |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", f"Expected calibration error: {curve.expected_error:.3f}."])


def draw_calibration(curve: CalibrationCurve) -> bytes:
    """Return the calibration curve as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 4.2), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel="soft value", ylabel="true fraction of the voxel", xlim=(0, 1), ylim=(0, 1))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot(curve.predicted, curve.observed, marker="o", color="#0072B2")
    axes.set_title(f"calibration error {curve.expected_error:.3f}", fontsize=10)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100, metadata={"Software": None})
    return stream.getvalue()
