"""``crosscontrast cord evaluate``."""

from pathlib import Path

import click

from crosscontrast.cli.console import Console, user_command

_PATH = click.Path(path_type=Path)


@click.command(
    epilog="Example: crosscontrast cord evaluate --cohort cohort.tsv --model softcord,mymodel@2 --out eval --levels 2-3"
)
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV): subject, session, role, image, mask.")
@click.option("--model", "models", default="softcord", show_default=True, help="Models, or their folders, with commas.")
@click.option("--out", required=True, type=_PATH, help="Folder for the results.")
@click.option("--reference-mask", is_flag=True, help="Show the table's masks as a method beside the models.")
@click.option("--levels", help="Vertebral levels to average over, as 2-3; the table then has a column levels or discs.")
@click.option("--slices", help="Slices to average over, as 10-20, counted from inferior to superior.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Images at the same time.")
@click.option("--scheduler", help="Address of a running Dask scheduler, for a cluster (tcp://host:8786).")
@user_command
def evaluate(
    console: Console,
    cohort: Path,
    models: str,
    out: Path,
    reference_mask: bool,
    levels: str | None,
    slices: str | None,
    device: str,
    workers: int,
    scheduler: str | None,
) -> None:
    """Measure how much the cord's area depends on the contrast, and compare models.

    Every image of the table is segmented by every model; the role of a row is its contrast. For each subject the
    standard deviation of the area across contrasts is taken, and where rows have a mask (binary or soft) also the error
    of the area, Dice, surface distances and calibration. The output folder receives report.html, cases.tsv,
    subjects.tsv and summary.json. A second run takes over the segmentations that are there. An image that cannot be
    used is a line with its reason, the others are done, and the exit code is 2.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.cord.evaluation.jobs import EvaluateCohort
    from crosscontrast.cord.evaluation.region import Region

    job = EvaluateCohort(
        cohort=cohort,
        out=out,
        models=tuple(name.strip() for name in models.split(",")),
        reference_mask=reference_mask,
        region=Region.parse(levels, slices),
        device=device,
        workers=workers,
        scheduler=scheduler,
    )
    result = run_job(console, job.run, "evaluating", out)
    console.say(f"{result.cases} cases: {result.reused} segmented before, {result.failed} failed")
    console.say(f"  report:   {result.report}")
    console.say(f"  tables:   {result.cases_table}, {result.subjects_table}")
    console.end_with_failures(result.failed, result.cases, "cases", result.cases_table)
