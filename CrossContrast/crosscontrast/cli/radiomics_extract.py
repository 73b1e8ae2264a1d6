"""``crosscontrast radiomics extract``."""

from pathlib import Path
from typing import Any

import click

from crosscontrast.cli.console import Console, user_command

_PATH = click.Path(path_type=Path)


def extraction_options(function: Any) -> Any:
    """Give a command the options that say how features are extracted."""
    for option in reversed(
        [
            click.option("--settings", type=_PATH, help="YAML file; `radiomics settings` writes one to begin with."),
            click.option(
                "--backend", type=click.Choice(["ibsi", "pyradiomics", "mirp"]), help="What computes features."
            ),
            click.option("--label", type=click.IntRange(min=1), help="Value of the region in label maps."),
            click.option("--threshold", type=float, help="Soft maps: the region is where they reach this value."),
            click.option(
                "--resample-masks", is_flag=True, help="Resample masks on other grids onto the images, by position."
            ),
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
    resample_masks: bool,
    workers: int,
    scheduler: str | None,
) -> None:
    """Compute radiomic features of the images of a cohort, inside their masks.

    The default, ibsi, follows the IBSI reference manual and gives the 186 features of the ultrasound-to-MRI study by
    Salmanpour et al., and those of filtered images; MIRP gives the same 186, PyRadiomics its own 107. What was computed
    before is taken from the cache: a run that was stopped goes on. A case that cannot be used is a line with its
    reason, the others are done, and the exit code is 2.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.radiomics.extraction.jobs import ExtractCohort
    from crosscontrast.radiomics.extraction.settings import ExtractionSettings
    from crosscontrast.radiomics.settings_file import SettingsFile

    options = {"backend": backend, "label": label, "threshold": threshold, "resample_masks": resample_masks or None}
    job = ExtractCohort(
        cohort=cohort,
        out=out,
        settings=SettingsFile(settings).section("extraction", ExtractionSettings, options),
        roles=names_of(roles, "--role") if roles else (),
        workers=workers,
        scheduler=scheduler,
    )
    result = run_job(console, job.run, "features", out)
    console.say(f"{result.images} images, {result.features} features each: {result.reused} computed before")
    console.say(f"  table:    {result.table}")
    console.end_with_failures(result.failed, result.images, "images", result.table)
