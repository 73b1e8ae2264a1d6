"""``crosscontrast cord ablation``."""

from pathlib import Path

import click

from crosscontrast.cli.console import Console, user_command


@click.command(epilog="Example: crosscontrast cord ablation --out ablation --subjects 20 --minutes 45")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for everything.")
@click.option(
    "--subjects",
    default=20,
    show_default=True,
    type=click.IntRange(min=2),
    help="Persons to test on; twice as many train.",
)
@click.option(
    "--minutes",
    default=45.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="About how long it may take; decides the steps of every training.",
)
@click.option("--quick", is_flag=True, help="Four subjects, a few steps: shows that all works.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Trainings at the same time.")
@user_command
def ablation(
    console: Console, out: Path, subjects: int, minutes: float, quick: bool, device: str, workers: int
) -> None:
    """Repeat the ablation of the soft-segmentation paper on a generated cohort.

    Persons are generated in six contrasts with manual masks that depend on the contrast. Networks learn from the
    masks of one contrast, from those of all contrasts, or from their average (soft masks), each with the losses Dice,
    cross-entropy and Adaptive Wing. The report says whether soft masks with a regression loss make the cord's area
    depend less on the contrast, with the p value. A second call with the same folder goes on where the first stopped.
    """
    from crosscontrast.cord.ablation.jobs import Ablation
    from crosscontrast.ground.files import output_folder

    job = Ablation(out=out, subjects=subjects, minutes=minutes, quick=quick, device=device, workers=workers)
    with output_folder(out), console.progress("ablation") as progress:
        result = job.run(progress)
    console.result(result.model_dump(mode="json"))
    for sentence in result.verdict:
        console.say(sentence)
    console.say(f"  report:   {result.report}")
    console.say(f"  tables:   {result.cases_table}, {result.subjects_table}")
