"""``crosscontrast synth train``."""

from pathlib import Path
from typing import Any

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.synthesis.objectives.catalogue import NAMES

_PATH = click.Path(path_type=Path)


@click.command(
    epilog="Example: crosscontrast synth train --cohort phantoms/cohort.tsv --source us --target t2w"
    " --network pix2pix2d --out runs/us-t2w"
)
@click.option("--cohort", type=_PATH, help="Table (TSV): subject, session, role, image, mask, split.")
@click.option("--source", help="Role of the images to translate.")
@click.option("--target", help="Role of the images to translate into.")
@click.option("--network", type=click.Choice(NAMES), help="Which translator.")
@click.option("--out", required=True, type=_PATH, help="Folder of the training.")
@click.option("--steps", type=click.IntRange(min=1), help="How many steps (default 2000).")
@click.option("--config", type=_PATH, help="Settings (JSON) that are not default.")
@click.option("--resume", is_flag=True, help="Continue the training in --out with the settings kept there.")
@click.option("--radiomics", type=click.FloatRange(min=0), help="Weight of a loss that keeps radiomic statistics.")
@click.option("--outcome", help="Column of labels (0, 1) that the translated region must still tell.")
@click.option("--resample", is_flag=True, help="Bring targets on other grids onto the source's.")
@click.option("--whole-image", is_flag=True, help="Train without masks.")
@click.option("--force", is_flag=True, help="Train even where images of the cohort do not fit together.")
@click.option("--max-minutes", type=click.FloatRange(min=0), help="Stop after this time; --resume goes on later.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--name", help="Add the model to the library under this name, its way back as NAME-back.")
@user_command
def train(
    console: Console,
    cohort: Path | None,
    source: str | None,
    target: str | None,
    network: str | None,
    out: Path,
    steps: int | None,
    config: Path | None,
    resume: bool,
    radiomics: float | None,
    outcome: str | None,
    resample: bool,
    whole_image: bool,
    force: bool,
    max_minutes: float | None,
    device: str,
    name: str | None,
) -> None:
    """Train a translator on a cohort's split 'train'.

    First the cohort is checked against itself: a subject without a partner, a target in another unit, voxels of another
    size or a field of view that ends early are named and refused, unless --force. What was not measured does not count.

    The folder receives config.json, checkpoint.pt, log.csv, pictures and the model as a folder called model- and the
    steps in six digits (model-000150), which 'synth translate', 'radiomics gate' and 'models add' take. For several
    GPUs or hosts start the same with torchrun:
    torchrun --nproc-per-node 2 -m crosscontrast.cli synth train --cohort ... --out ...
    """
    from crosscontrast.synthesis.training.jobs import TrainTranslator

    given: dict[str, Any] = {
        "cohort": cohort and cohort.absolute(),
        "source": source,
        "target": target,
        "network": network,
    }
    given |= {"radiomics": radiomics, "outcome": outcome}
    flags = {"resample": resample, "whole_image": whole_image}
    settings = _settings(config, resume, given | {key: value for key, value in flags.items() if value}, steps)
    more = {"steps": steps} if resume and steps else {}
    job = TrainTranslator(
        out=out,
        settings=settings,
        resume=resume,
        more=more,
        force=force,
        max_minutes=max_minutes,
        device=device,
    )

    def show(_done: float, _total: float, message: str) -> None:
        console.note(message)

    result = job.run(show)
    console.warn(result.warnings)
    console.say(f"{result.step} steps in {result.minutes:.1f} minutes: {result.model}")
    models = _add(name, result.model, result.back) if name else []
    for model in models:
        console.say(f"Added {model}")
    console.result(result.model_dump(mode="json") | {"added": models})


def _settings(config: Path | None, resume: bool, given: dict[str, Any], steps: int | None) -> Any:
    from crosscontrast.errors import BadInputError
    from crosscontrast.synthesis.training.config import TrainingConfig
    from crosscontrast.training.settings import make_config, read_config

    given = {key: value for key, value in given.items() if value is not None}
    if resume:
        if given or config:
            raise BadInputError("--resume keeps the settings of the training; only --steps may be given anew.")
        return None
    given |= {"steps": steps} if steps else {}
    if config:
        return read_config(config, TrainingConfig, given)
    missing = [f"--{key}" for key in ("cohort", "source", "target", "network") if key not in given]
    if missing:
        raise BadInputError(f"A training needs {', '.join(missing)}.", "or --config, or --resume")
    return make_config(TrainingConfig, given)


def _add(name: str, model: Path, back: Path | None) -> list[str]:
    from crosscontrast.models.library import ModelLibrary

    library = ModelLibrary()
    added = [str(library.add(model, name))]
    return [*added, str(library.add(back, f"{name}-back"))] if back else added
