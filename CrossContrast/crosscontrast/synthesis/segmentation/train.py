"""Training a segmentation and writing it as a bundle of the model library."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from crosscontrast.inference.windows import slide
from crosscontrast.metrics.segmentation import dice
from crosscontrast.models.bundle import BundleMetadata, write_bundle
from crosscontrast.models.find import THERE
from crosscontrast.models.spec import ModelSpec, Windowing
from crosscontrast.progress import Progress, silent
from crosscontrast.synthesis.models import SYNTHETIC, helper_of
from crosscontrast.synthesis.segmentation.cases import frequencies, read_segmentation_cases
from crosscontrast.synthesis.segmentation.config import SegmentationConfig
from crosscontrast.synthesis.segmentation.objective import SegmentationObjective, network_spec, soft_maps
from crosscontrast.synthesis.training.cases import Case
from crosscontrast.synthesis.training.patches import DEFAULT_BATCH, Cutting, Patches, choose_patch, patch_batches
from crosscontrast.training.learner import Task
from crosscontrast.training.loop import run
from crosscontrast.training.state import State


def train_segmentation(
    config: SegmentationConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
    cases: list[Case] | None = None,
) -> State:
    """Train on the split ``train``, or on ``cases`` where given; see :func:`~crosscontrast.training.loop.run`."""
    train = read_segmentation_cases(config, "train") if cases is None else cases
    held_out = read_segmentation_cases(config, "validation") if cases is None else []
    spec = segmentation_spec(config, train)

    def measure(average: nn.ModuleDict, _step: int) -> Mapping[str, float]:
        scores = [case_dice(average["generator"], spec, case) for case in held_out]
        names = config.outputs[1:]
        means = {name: float(np.nanmean([score[name] for score in scores])) for name in names} if scores else {}
        return {f"validation/dice/{name}": mean for name, mean in means.items()}

    def make() -> Task:
        return Task(
            learner=SegmentationObjective(config, frequencies(train)),
            averaged=("generator",),
            batches=patch_batches(lambda rank: Patches(train, _cutting(config, train), config.seed, rank), config),
            measure=measure,
        )

    return run(make, config, folder, resume=resume, max_minutes=max_minutes, device=device, progress=progress)


def _cutting(config: SegmentationConfig, cases: list[Case]) -> Cutting:
    return Cutting(
        size=choose_patch(config.patch, cases, config.dims, config.divisible),
        batch=config.batch or DEFAULT_BATCH[config.dims],
        slice_axes=(0, 1, 2) if config.slice_axis == "all" else (config.slice_axis,),
        flips=config.flips,
    )


def segmentation_spec(config: SegmentationConfig, cases: list[Case]) -> ModelSpec:
    """Return how the library runs the segmentation."""
    names = [f"{SYNTHETIC} {number + 1}" for number in range(len(config.translators))]
    return ModelSpec(
        task="segmentation",
        network=network_spec(config),
        inputs=(*config.inputs, *names),
        outputs=config.outputs,
        preprocessing=config.preprocessing,
        windowing=Windowing(
            size=choose_patch(config.patch, cases, config.dims, config.divisible),
            overlap=0.25 if config.dims == 2 else 0.5,
            batch=8 if config.dims == 2 else 1,
            divisible_by=config.divisible,
            slice_axis=0 if config.slice_axis == "all" else config.slice_axis,
        ),
        activation="softmax",
    )


def predict_case(network: nn.Module, spec: ModelSpec, source: Tensor) -> np.ndarray:
    """Return the soft maps (K, k, j, i) of normalised channels (C, k, j, i), by the library's own windows."""
    network.eval()
    device = next(network.parameters()).device

    def probabilities(batch: Tensor) -> Tensor:
        doubled = torch.cat([batch, batch]) if len(batch) == 1 else batch
        return soft_maps(network, doubled.to(device))[: len(batch)].cpu()

    with torch.inference_mode():
        return slide(probabilities, source, spec.windowing, spec.windowing.overlap, silent).numpy()


def case_dice(network: nn.Module, spec: ModelSpec, case: Case) -> dict[str, float]:
    """Return Dice by class over what was measured; NaN where a class is absent.

    A voxel belongs to the class of its highest probability.
    """
    seen = case.seen[0].numpy() > 0
    found, true = predict_case(network, spec, case.source).argmax(0)[seen], case.target.argmax(0).numpy()[seen]
    return {name: dice(found == number, true == number) for number, name in enumerate(spec.outputs) if number}


def export_segmentation(config: SegmentationConfig, state: State, folder: Path, cases: list[Case]) -> Path:
    """Write the averaged network as ``model-<step>`` and return its folder; one written already is left as it is."""
    path = folder / f"{THERE}-{state.step:06d}"
    if not path.exists():
        metadata = BundleMetadata(
            name=f"{', '.join(config.classes)} in {', '.join(config.inputs)}",
            version=str(state.step),
            task="Segmentation",
            description=f"{config.network} trained for {state.step} steps.",
            authors="trained with SlicerCrossContrast",
            copyright="that of the training's user",
            licence="as the training's user decides",
            changelog={str(state.step): "trained"},
        )
        weights = {key: value.cpu() for key, value in state.average["generator"].state_dict().items()}
        settings = json.dumps(config.model_dump(mode="json"), indent=2)
        card = f"# {metadata.name}\n\n{metadata.description} For research only, not a medical device.\n"
        card += f"\n## Settings\n\n```json\n{settings}\n```\n"
        helpers = tuple(map(helper_of, config.translators))
        spec = segmentation_spec(config, cases).model_copy(update={"translators": helpers})
        write_bundle(path, spec, weights, metadata, card)
    return path
