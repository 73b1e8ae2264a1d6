"""``crosscontrast corrections predict | worklist | export``: before and after the correcting."""

from pathlib import Path

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.cli.datasets import open_dataset
from crosscontrast.corrections.choices import FORMATS, ORDERS

_DATASET = click.argument("dataset", type=click.Path(path_type=Path))


@click.command(epilog="Example: crosscontrast corrections predict my-dataset --model softcord@2")
@_DATASET
@click.option(
    "--model",
    default="softcord",
    show_default=True,
    help="Model (see 'models list'), or its folder.",
)
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
    from crosscontrast.cli.running import run_batch
    from crosscontrast.cord.jobs import SegmentCord
    from crosscontrast.ground.device import check_device_name
    from crosscontrast.models.find import find_model

    check_device_name(device)
    entry = find_model(model, "segmentation")
    opened = open_dataset(console, dataset)
    cases = [c for c in opened.cases() if c.state == "pending" and (again or opened.prediction(c.name) is None)]
    jobs = [
        SegmentCord(
            image=case.image,
            out=opened.layout.prediction(case.name),
            model=entry.request,
            device=device,
            uncertainty=uncertainty,
            overwrite=again,
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
    type=click.Choice(ORDERS),
    help="The model's doubt, the spread between a subject's contrasts, or the order of adding.",
)
@user_command
def worklist(console: Console, dataset: Path, order: str) -> None:
    """List the pending cases in the order in which they are worth correcting, with the reason."""
    from crosscontrast.corrections.jobs import OrderWorklist

    with console.progress("looking") as progress:
        entries = OrderWorklist.model_validate({"dataset": dataset, "order": order}).run(progress).entries
    console.result([entry.model_dump(mode="json") for entry in entries])
    width = max((len(entry.case) for entry in entries), default=0)
    for entry in entries:
        console.say(f"{entry.case:{width}}  {entry.reason}")
    if not entries:
        console.say("Nothing waits to be corrected.")


@click.command(epilog="Example: crosscontrast corrections export my-dataset --to nnunet --out nnUNet_raw")
@_DATASET
@click.option(
    "--to",
    "form",
    required=True,
    type=click.Choice(FORMATS),
    help="BIDS; nnU-Net v2 raw dataset; MONAI Label datastore; Decathlon datalist; DICOM SEG, binary and fractional.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder, new or empty; for nnunet the folder of its raw datasets.",
)
@click.option("--id", "number", default=701, show_default=True, type=click.IntRange(1, 999), help="nnU-Net's number.")
@click.option(
    "--dicom", type=click.Path(path_type=Path), help="Where the DICOM series are now.  [default: where they were]"
)
@user_command
def export(console: Console, dataset: Path, form: str, out: Path, number: int, dicom: Path | None) -> None:
    """Export the newest corrections of all cases that are not excluded.

    Frozen test subjects are never among what is trained on, and folds are by subject.
    """
    from crosscontrast.corrections.jobs import ExportCorrections

    job = ExportCorrections.model_validate(
        {"dataset": dataset, "out": out.absolute(), "form": form, "nnunet_id": number, "dicom": dicom}
    )
    with console.progress("exporting") as progress:
        done = job.run(progress)
    console.warn(f"not exported: {warning}" for warning in done.warnings)
    console.result(done.model_dump(mode="json"))
    console.say(f"{done.cases} corrections: {done.folder}")
