"""Training a candidate from a base model and making it a model of its own."""

from pathlib import Path

from crosscontrast.cord.retrain.canals import with_canals
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.cord.segment import CORD
from crosscontrast.cord.teaching.config import PATCHES, Shape, TrainingConfig
from crosscontrast.cord.teaching.loop import train
from crosscontrast.cord.teaching.state import CHECKPOINT
from crosscontrast.errors import ModelError
from crosscontrast.ground.device import choose_device
from crosscontrast.ground.files import make_folder
from crosscontrast.models.bundle import CARD, FINDER, WEIGHTS, BundleMetadata, load_networks, read_spec, write_bundle
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.spec import Localisation, ModelSpec, Preprocessing
from crosscontrast.progress import Progress, part

#: Minutes between checkpoints: what a person loses who stops a retraining and goes on with it later.
_KEEP_MINUTES = 0.25
#: Share of the work that is looking for the canal in the corrected images.
_LOOKING = 0.03
_CARD = """# Retrained from {base}

{base} trained on for {steps} steps, with {images} images of {subjects} subjects whose masks were corrected by hand
(share {share:g}) and generated images (the rest). What the base model's card says of its use and its limits holds on.

The report of the retraining has the figures before and after on the frozen test subjects.

---

{card}
"""


def check_base(base: ModelEntry) -> ModelSpec:
    """Return the specification of a model that can be retrained; raises :class:`ModelError` saying why one cannot."""
    if base.format != "crosscontrast":
        raise ModelError(f"{base} is of the format {base.format}; only models made by this program can be retrained.")
    spec = read_spec(base.folder)
    fits = spec.task == "segmentation" and spec.outputs[:1] == (CORD,) and len(spec.outputs) == 2
    if not fits or spec.preprocessing != Preprocessing() or spec.activation != "sigmoid" or len(spec.inputs) != 1:
        raise ModelError(f"{base} does not segment cord and canal as the models that this program trains do.")
    return spec


def _follows(spec: ModelSpec) -> bool:
    return bool(spec.localisation and spec.localisation.follow is not None)


def _sees_fluid(spec: ModelSpec) -> bool:
    return bool(spec.localisation and spec.localisation.relative)


def known_patches(spec: ModelSpec) -> tuple[Shape, ...]:
    """Return the sizes of patch that a model was trained on.

    Models that search an image know many, as they also see thin and small images; others see their window only.
    """
    size = (spec.windowing.size[0], spec.windowing.size[1], spec.windowing.size[2])
    return (size,) if _follows(spec) or size != PATCHES[0] else PATCHES


def training_config(base: ModelEntry, spec: ModelSpec, table: Path, settings: RetrainSettings) -> TrainingConfig:
    """Return the training that goes on from the base model's weights with the corrections of the table."""
    localisation = spec.localisation or Localisation(output=spec.outputs[0])
    return TrainingConfig(
        network=spec.network,
        initial_weights=base.folder / WEIGHTS,
        losses=settings.losses,
        patches=settings.patches or known_patches(spec),
        centred=_follows(spec),
        relative=_sees_fluid(spec),
        reaches=localisation.reaches,
        batch=settings.batch,
        geometries=settings.geometries,
        appearances=settings.appearances,
        steps=settings.steps,
        warmup=max(1, settings.steps // 20),
        learning_rate=settings.learning_rate,
        ema=settings.ema,
        cohort=table,
        real_share=settings.corrected_share,
        augmentation=settings.augmentation,
        validation_samples=settings.validation_samples,
        checkpoint_minutes=_KEEP_MINUTES,
        seed=settings.seed,
    )


def train_candidate(
    base: ModelEntry,
    table: Path,
    counts: tuple[int, int],
    settings: RetrainSettings,
    folder: Path,
    bundle: Path,
    *,
    device: str,
    max_minutes: float | None,
    progress: Progress,
) -> bool:
    """Train in ``folder``, going on where an earlier call stopped, and write the model as ``bundle``.

    ``counts`` are the numbers of training images and subjects, for the card. Returns whether the training is finished;
    with ``max_minutes`` it may need further calls.
    """
    if bundle.exists():
        return True
    spec = check_base(base)
    folder, chosen = make_folder(folder), choose_device(device)
    if _sees_fluid(spec):
        table = with_canals(base, table, folder, chosen, part(progress, 0, _LOOKING))
    state = train(
        training_config(base, spec, table, settings),
        folder,
        resume=(folder / CHECKPOINT).exists(),
        max_minutes=max_minutes,
        device=chosen,
        progress=part(progress, _LOOKING, 1),
    )
    if state.step < settings.steps:
        return False
    finder = load_networks(base.folder, spec).get(FINDER)
    card = (base.folder / CARD).read_text(encoding="utf-8")
    write_bundle(
        bundle,
        spec,
        {name: value.cpu() for name, value in state.average.state_dict().items()},
        _metadata(base, counts),
        _CARD.format(
            base=base,
            steps=settings.steps,
            images=counts[0],
            subjects=counts[1],
            share=settings.corrected_share,
            card=card,
        ),
        finder=finder.state_dict() if finder else None,
        source=f"{base} retrained on corrections",
    )
    return True


def _metadata(base: ModelEntry, counts: tuple[int, int]) -> BundleMetadata:
    return BundleMetadata(
        name=base.name,
        version=f"{base.version}+corrections",
        task="Soft segmentation of the spinal cord and the spinal canal",
        description=f"{base} retrained on {counts[0]} corrected images of {counts[1]} subjects and generated images.",
        authors="Whoever corrected the masks, with CrossContrast",
        copyright="See the card of the base model; the corrected images are the property of their owners.",
        licence="Apache-2.0",
        changelog={f"{base.version}+corrections": f"Retrained from {base}."},
    )
