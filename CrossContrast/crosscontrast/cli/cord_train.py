"""``crosscontrast cord train``, ``cord train-translator`` and ``cord package``."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosscontrast.cli.console import Console, user_command

if TYPE_CHECKING:
    from crosscontrast.training.settings import Config
    from crosscontrast.training.state import State


_TRAINING = (
    click.option(
        "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the training."
    ),
    click.option(
        "--config", type=click.Path(path_type=Path, dir_okay=False), help="Settings (JSON) that are not default."
    ),
    click.option("--resume", is_flag=True, help="Continue the training in --out with the settings kept there."),
    click.option("--max-minutes", type=click.FloatRange(min=0), help="Stop after this time; --resume goes on later."),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps."),
)


def _training_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_TRAINING):
        command = option(command)
    return command


@click.command(epilog="Example: crosscontrast cord train --out runs/first --max-minutes 60")
@_training_options
@user_command
def train(
    console: Console, out: Path, config: Path | None, resume: bool, max_minutes: float | None, device: str
) -> None:
    """Train a cord network from generated anatomy.

    The folder receives config.json, checkpoint.pt, log.csv and pictures. For several processes or GPUs start the same
    with torchrun: torchrun --nproc-per-node 2 -m crosscontrast.cli cord train --out runs/first
    """
    from crosscontrast.cord.teaching.config import TrainingConfig
    from crosscontrast.cord.teaching.train import train as run

    _train(console, TrainingConfig, run, out, config, resume, max_minutes, device)


@click.command(epilog="Example: crosscontrast cord train-translator --out runs/contrasts --max-minutes 60")
@_training_options
@user_command
def train_translator(
    console: Console, out: Path, config: Path | None, resume: bool, max_minutes: float | None, device: str
) -> None:
    """Train a translator of cord images from generated anatomy: any contrast in, clean T2w and T1w out.

    The folder receives config.json, checkpoint.pt, log.csv and pictures.
    """
    from crosscontrast.cord.translator.config import TranslatorConfig
    from crosscontrast.cord.translator.train import train as run

    _train(console, TranslatorConfig, run, out, config, resume, max_minutes, device)


def _train(
    console: Console,
    kind: "type[Config]",
    run: "Callable[..., State]",
    out: Path,
    config: Path | None,
    resume: bool,
    max_minutes: float | None,
    device: str,
) -> None:
    """Begin a training with settings of ``kind``, or go on with it."""
    from crosscontrast.errors import BadInputError
    from crosscontrast.ground.device import choose_device
    from crosscontrast.ground.files import make_folder
    from crosscontrast.training.settings import CONFIG, read_config
    from crosscontrast.training.state import CHECKPOINT

    if resume and config:
        raise BadInputError("--resume keeps the settings of the training; give either --config or --resume.")
    if not resume and (out / CHECKPOINT).exists():
        raise BadInputError(f"There is a training in {out} already.", "add --resume, or give another folder")
    source = out / CONFIG if resume else config
    settings = read_config(source, kind) if source else kind()

    def show(_done: float, _total: float, message: str) -> None:
        console.note(message)

    state = run(
        settings, make_folder(out), resume=resume, max_minutes=max_minutes, device=choose_device(device), progress=show
    )
    console.result({"folder": out, "step": state.step, "minutes": state.minutes})


@click.command(epilog="Example: crosscontrast cord package runs/first --out my-cord")
@click.argument("training", type=click.Path(path_type=Path, file_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the model; must not exist yet.")
@click.option("--name", help="Name of the model.  [default: that of the folder]")
@click.option("--finder", help="Model of the library that finds the cord, for a network trained on centred patches.")
@click.option(
    "--evidence",
    type=click.FloatRange(0, 1),
    help="How much must speak for what was followed, or the image counts as having no cord.  "
    "[default: as in the finder's model]",
)
@click.option("--card", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Model card (Markdown).")
@user_command
def package(
    console: Console,
    training: Path,
    out: Path,
    name: str | None,
    finder: str | None,
    evidence: float | None,
    card: Path | None,
) -> None:
    """Make a model of the training in the folder TRAINING, for crosscontrast models add.

    Measures the network on generated images that it never saw, draws its calibration curve, and keeps the settings of
    the training with it.
    """
    from crosscontrast.cord.teaching.package import package_training
    from crosscontrast.models.find import find_model

    scores = package_training(
        training,
        out,
        name=name or out.name,
        finder=find_model(finder, "segmentation") if finder else None,
        evidence=evidence,
        card=card.read_text(encoding="utf-8") if card else None,
    )
    console.result({"model": out, **scores})
    console.say(f"The model is in {out}: " + ", ".join(f"{key} {value:.3f}" for key, value in scores.items()))


@click.command(epilog="Example: crosscontrast cord package-translator runs/contrasts --out my-translator")
@click.argument("training", type=click.Path(path_type=Path, file_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the model; must not exist yet.")
@click.option("--name", help="Name of the model.  [default: that of the folder]")
@user_command
def package_translator(console: Console, training: Path, out: Path, name: str | None) -> None:
    """Make a model of the translator's training in the folder TRAINING, for crosscontrast models add.

    Measures it on generated images that it never saw, and draws the images by which the quality gate knows what is
    usual. crosscontrast models describe gives it another card.
    """
    from crosscontrast.cord.translator.package import package_translator as package

    with console.progress("packaging") as progress:
        scores = package(training, out, name=name or out.name, progress=progress)
    console.result({"model": out, **scores})
    console.say(f"The model is in {out}: " + ", ".join(f"{key} {value:.3f}" for key, value in scores.items()))
