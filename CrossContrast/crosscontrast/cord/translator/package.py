"""From a translator's training to a model that the library takes, with what the quality gate must know."""

import tempfile
from pathlib import Path

from crosscontrast.cord.teaching.learner import read_weights
from crosscontrast.cord.teaching.package import halved, settings_file
from crosscontrast.cord.translator.config import TranslatorConfig
from crosscontrast.cord.translator.contrasts import OUTPUTS
from crosscontrast.cord.translator.evaluate import answers, held_out, measure
from crosscontrast.cord.translator.examples import draw_example
from crosscontrast.ground.images import write_image
from crosscontrast.ground.seeds import seed_of
from crosscontrast.models.bundle import GATE_INPUT, GATE_OUTPUT, TRAINING, BundleMetadata, write_bundle
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import ModelSpec, Preprocessing, Windowing
from crosscontrast.progress import Progress, silent
from crosscontrast.radiomics.gate.profile import FEWEST, build_profile
from crosscontrast.training.settings import CONFIG, read_config
from crosscontrast.training.state import CHECKPOINT

#: Keeps the images of the gate's profile apart from those of trainings and of measurements.
_PROFILE = 8_191_005
_CARD = """# {name} {version}

Translates images of the spinal cord in any contrast into clean images in two fixed contrasts. Research use only.

Trained by `crosscontrast cord train-translator` with the settings in `{training}`. On {samples} generated images that
it never saw, the mean absolute error (fluid on T2w and fat on T1w are 1) and that of the best line through each image:
{scores}.
"""


def package_translator(
    training: Path,
    folder: Path,
    *,
    name: str,
    version: int = 1,
    images: int = 16,
    card: str | None = None,
    progress: Progress = silent,
) -> dict[str, float]:
    """Write the moving average of the training in ``training`` as the bundle ``folder``; return its held-out figures.

    The gate's profiles are of ``images`` generated images, in the units of as many scanners. The weights are kept in
    half precision; the figures are those of what is kept. ``card`` is the model card (Markdown) instead of the one made
    here. Raises :class:`crosscontrast.errors.BadInputError` where there is no such training.
    """
    config = read_config(training / CONFIG, TranslatorConfig)
    weights = halved(read_weights(training / CHECKPOINT))
    network = build_network(config.network.name, **config.network.arguments)
    network.load_state_dict(weights)
    pairs = held_out(config)
    scores = measure(pairs, answers(network, pairs))
    write_bundle(
        folder,
        translator_spec(config),
        weights,
        BundleMetadata(
            name=name,
            version=str(version),
            task="Image-to-image translation",
            description="Any contrast to clean T2w and T1w, trained with crosscontrast cord train-translator.",
            authors="The CrossContrast contributors",
            copyright="Copyright The CrossContrast contributors",
            licence="as the trainer says",
            changelog={str(version): "Trained."},
            expects="MRI of the spine, any contrast",
            produces=" and ".join(OUTPUTS),
            sample="cord",
        ),
        card or _words(name, version, config, scores),
        more={TRAINING: settings_file(config), **_profiles(images, progress)},
        source="trained with crosscontrast cord train-translator",
    )
    return scores


def translator_spec(config: TranslatorConfig) -> ModelSpec:
    """Return how the library runs the translator of a training."""
    return ModelSpec(
        task="translation",
        network=config.network,
        inputs=("MR image",),
        outputs=OUTPUTS,
        preprocessing=Preprocessing(normalisation="robust"),
        windowing=Windowing(size=config.patch, overlap=0.25),
        activation="none",
    )


def _words(name: str, version: int, config: TranslatorConfig, scores: dict[str, float]) -> str:
    figures = ", ".join(f"{key} {value:.3f}" for key, value in scores.items())
    return _CARD.format(
        name=name, version=version, training=TRAINING, samples=config.validation_samples, scores=figures
    )


def _profiles(count: int, progress: Progress) -> dict[str, bytes]:
    """Describe generated images and their true translations into the first output, which the gate looks at.

    Of too few of them there is no profile.
    """
    if count < FEWEST:
        return {}
    with tempfile.TemporaryDirectory() as place:
        images: list[Path] = []
        targets: list[Path] = []
        for number in range(count):
            progress(number, count, f"image {number + 1} of {count} for the quality gate")
            example = draw_example(seed_of(_PROFILE, number))
            for made, paths, kind in ((example.image, images, "image"), (example.targets[OUTPUTS[0]], targets, "t")):
                paths.append(Path(place) / f"{kind}-{number:02d}.nii")
                write_image(made, paths[-1])
        return {
            file: build_profile(paths).model_dump_json(indent=1).encode()
            for file, paths in ((GATE_INPUT, images), (GATE_OUTPUT, targets))
        }
