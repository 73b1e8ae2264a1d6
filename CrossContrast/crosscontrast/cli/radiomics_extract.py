"""``crosscontrast radiomics extract``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crosscontrast.cli.console import BAD_INPUT, Console, user_command

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job

_PATH = click.Path(path_type=Path)


def extraction_options(function: Any) -> Any:
    """Give a command the options that say how features are extracted."""
    for option in reversed(
        [
            click.option("--settings", type=_PATH, help="YAML file; `radiomics settings` writes one to begin with."),
            click.option(
                "--backend", type=click.Choice(["pyradiomics", "mirp"]), help="Library that computes features."
            ),
            click.option("--label", type=click.IntRange(min=1), help="Value of the region in label maps."),
            click.option("--threshold", type=float, help="Soft maps: the region is where they reach this value."),
            click.option(
                "--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Images at a time."
            ),
            click.option("--scheduler", help="Address of a running Dask scheduler, for a cluster (tcp://host:8786)."),
        ]
    ):
        function = option(function)
    return function


def names_of(text: str, what: str) -> tuple[str, ...]:
    """Return the names in a list separated by commas; raises :class:`BadInputError` where there is none."""
    from crosscontrast.errors import BadInputError

    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    if not names:
        raise BadInputError(f"{what} names nothing.", "several are separated by commas")
    return names


def run_job(
    console: Console, job: "Job", out: Path, label: str, tell: Callable[[Any], None], where: Callable[[Any], Any]
) -> None:
    """Run a job over many images into the folder ``out`` and end as every radiomics command does.

    ``tell`` says the result to people; where images failed, the file that ``where`` names says why, and the exit code
    is 2.
    """
    from crosscontrast.ground.files import output_folder

    with output_folder(out), console.progress(label) as progress:
        result: Any = job.run(progress)
    for warning in result.warnings:
        console.note(f"warning: {warning}")
    console.result(result.model_dump(mode="json"))
    tell(result)
    if result.failed:
        console.note(f"error: {result.failed} of {result.images} images failed; {where(result)} says why.")
        sys.exit(BAD_INPUT)


@click.command(epilog="Example: crosscontrast radiomics extract --cohort cohort.tsv --out features --workers 4")
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV): subject, session, role, image, mask.")
@click.option("--out", required=True, type=_PATH, help="Folder for features.tsv.")
@click.option("--role", "roles", help="Only these roles, separated by commas.")
@extraction_options
@user_command
def extract(
    console: Console,
    cohort: Path,
    out: Path,
    roles: str | None,
    settings: Path | None,
    backend: str | None,
    label: int | None,
    threshold: float | None,
    workers: int,
    scheduler: str | None,
) -> None:
    """Compute radiomic features of the images of a cohort, inside their masks.

    PyRadiomics gives 107 features of the original image and those of its filters; MIRP the 186 features of the
    ultrasound-to-MRI study by Salmanpour et al. What was computed before is taken from the folder's cache: a run that
    was stopped goes on. A case that cannot be used is a line with its reason, the others are done, and the exit code
    is 2.
    """
    from crosscontrast.radiomics.extraction.jobs import ExtractCohort, Extracted
    from crosscontrast.radiomics.extraction.settings import ExtractionSettings
    from crosscontrast.radiomics.settings_file import SettingsFile

    options = {"backend": backend, "label": label, "threshold": threshold}
    job = ExtractCohort(
        cohort=cohort,
        out=out,
        settings=SettingsFile(settings).section("extraction", ExtractionSettings, options),
        roles=names_of(roles, "--role") if roles else (),
        workers=workers,
        scheduler=scheduler,
    )

    def tell(result: Extracted) -> None:
        console.say(f"{result.images} images, {result.features} features each: {result.reused} computed before")
        console.say(f"  table:    {result.table}")

    run_job(console, job, out, "features", tell, lambda result: result.table)
