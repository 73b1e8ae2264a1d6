"""``crosscontrast corrections predict | worklist``: what is to be corrected, and in which order."""

from pathlib import Path

import click

from CrossContrastLib.cli.console import Console, user_command

_DATASET = click.argument("dataset", type=click.Path(path_type=Path))


@click.command(epilog="Example: crosscontrast corrections predict my-dataset --model softcord@2")
@_DATASET
@click.option("--model", default="softcord", show_default=True, help="Model, or NAME@VERSION; see 'models list'.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option(
    "--uncertainty/--no-uncertainty",
    default=True,
    show_default=True,
    help="Also measure how sure the model is, which takes six times as long.",
)
@click.option("--again", is_flag=True, help="Predict the pending cases that have a prediction too.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Images at the same time.")
@user_command
def predict(
    console: Console, dataset: Path, model: str, device: str, uncertainty: bool, again: bool, workers: int
) -> None:
    """Segment the pending cases of a dataset, for people to correct."""
    from CrossContrastLib.cli.batch import run_batch
    from CrossContrastLib.corrections.dataset import CorrectionDataset
    from CrossContrastLib.ground.device import check_device_name
    from CrossContrastLib.jobs.registry import parse_job
    from CrossContrastLib.models.library import ModelLibrary

    check_device_name(device)
    entry = ModelLibrary().find(model)
    opened = CorrectionDataset.open(dataset)
    cases = [c for c in opened.cases() if c.state == "pending" and (again or opened.prediction(c.name) is None)]
    jobs = [
        parse_job(
            "cord.segment",
            {
                "image": case.image,
                "out": opened.layout.prediction(case.name),
                "model": str(entry),
                "device": device,
                "uncertainty": uncertainty,
                "overwrite": again,
            },
        )
        for case in cases
    ]
    if not cases:
        console.note("nothing to predict: no pending case is without a prediction")
    run_batch(
        console,
        jobs,
        [case.image for case in cases],
        opened.layout.predictions,
        label="predicting",
        tell=lambda image, result: console.say(f"{image.name}: {result.softseg}"),
        workers=workers,
    )


@click.command(epilog="Example: crosscontrast corrections worklist my-dataset --by uncertainty")
@_DATASET
@click.option(
    "--by",
    "order",
    default="uncertainty",
    show_default=True,
    type=click.Choice(["uncertainty", "disagreement", "listed"]),
    help="The model's doubt, the spread between a patient's contrasts, or the order of adding.",
)
@user_command
def worklist(console: Console, dataset: Path, order: str) -> None:
    """List the pending cases in the order in which they are worth correcting, with the reason."""
    from CrossContrastLib.corrections.jobs import OrderWorklist

    with console.progress("looking") as progress:
        entries = OrderWorklist.model_validate({"dataset": dataset, "order": order}).run(progress).entries
    console.result([entry.model_dump(mode="json") for entry in entries])
    width = max((len(entry.case) for entry in entries), default=0)
    for entry in entries:
        console.say(f"{entry.case:{width}}  {entry.reason}")
    if not entries:
        console.say("Nothing waits to be corrected.")
