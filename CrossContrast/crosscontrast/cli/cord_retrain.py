"""``crosscontrast cord retrain``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosscontrast.cli.console import Console, ask, user_command
from crosscontrast.cli.datasets import open_dataset

if TYPE_CHECKING:
    from crosscontrast.cord.retrain.figures import Figures


@click.command(epilog="Example: crosscontrast cord retrain --dataset my-dataset --base softcord --out retrained")
@click.option("--dataset", required=True, type=click.Path(path_type=Path), help="Correction dataset.")
@click.option("--base", default="softcord", show_default=True, help="Model to begin with, or NAME@VERSION.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder; one that was begun is gone on with."
)
@click.option("--settings", type=click.Path(path_type=Path), help="Settings and limits (JSON) that are not default.")
@click.option("--keep-aside", is_flag=True, help="Do not add the candidate to the model library even if it passes.")
@click.option("--yes", is_flag=True, help="Fix test subjects by lot, where there are none yet, without asking.")
@click.option("--max-minutes", type=click.FloatRange(min=0, min_open=True), help="Stop training after this time.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Test images at a time.")
@user_command
def retrain(
    console: Console,
    dataset: Path,
    base: str,
    out: Path,
    settings: Path | None,
    keep_aside: bool,
    yes: bool,
    max_minutes: float | None,
    device: str,
    workers: int,
) -> None:
    """Retrain a cord model on corrected masks, and make it the next version if it is not worse anywhere.

    Corrected images are mixed with generated ones, so that nothing is unlearnt. Both models are then measured on the
    frozen test subjects, which are never trained on, and the candidate must keep to the limits of the settings. The
    folder receives report.html, verdict.json and both models. A call that was stopped is gone on with by repeating it.

    Where no test subjects are frozen yet, the lot draws some, and they are frozen when you say yes.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.cord.retrain.files import RetrainFiles
    from crosscontrast.cord.retrain.jobs import RetrainCord
    from crosscontrast.cord.retrain.material import drawn_by_lot
    from crosscontrast.cord.retrain.settings import RetrainSettings, read_settings

    chosen = read_settings(settings) if settings else None
    if not yes and not RetrainFiles(out).plan.exists():
        drawn = drawn_by_lot(open_dataset(console, dataset), (chosen or RetrainSettings()).seed)
        if drawn:
            ask(console, f"The lot draws {', '.join(f'sub-{subject}' for subject in drawn)} to be tested on for good.")
    job = RetrainCord(
        dataset=dataset.absolute(),
        out=out.absolute(),
        base=base,
        settings=chosen,
        accept=not keep_aside,
        freeze=True,
        device=device,
        workers=workers,
        max_minutes=max_minutes,
    )
    done = run_job(console, job.run, "retraining")
    if not done.finished:
        console.say("The time is over and the training is not finished: repeat the command to go on.")
        return
    if done.figures:
        _tell(console, done.figures)
    for reason in done.reasons:
        console.say(f"against it: {reason}")
    console.say(f"Now the current version: {done.model}" if done.model else f"Kept aside: {done.candidate}")
    console.say(f"Report: {done.report}")


def _tell(console: Console, figures: "Figures") -> None:
    from crosscontrast.cord.evaluation.measures import MEASURE_NAMES

    for measure, change in figures.changes.items():
        console.say(
            f"{MEASURE_NAMES[measure]}: {change.before:.3f} -> {change.after:.3f}, {change.subjects} subject(s)"
        )
    if figures.drift_mm2 is not None:
        console.say(f"drift of the area where the base model was right: {figures.drift_mm2:.2f} mm²")
