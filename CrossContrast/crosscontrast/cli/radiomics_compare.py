"""``crosscontrast radiomics compare``."""

from pathlib import Path

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.cli.radiomics_extract import extraction_options, names_of

_PATH = click.Path(path_type=Path)


@click.command(
    epilog="Example: crosscontrast radiomics compare --cohort cohort.tsv --reference mri --test pix2pix,gan --out out"
)
@click.option("--cohort", type=_PATH, help="Table (TSV): subject, session, role, image, mask.")
@click.option("--features", type=_PATH, help="Table of features instead: subject, role, ..., or PyRadiomics' own.")
@click.option("--force", is_flag=True, help="Compare even where the cohort does not fit together.")
@click.option("--reference", required=True, help="Role of the real images.")
@click.option("--test", "tests", required=True, help="Roles of the translated images, separated by commas.")
@click.option("--out", required=True, type=_PATH, help="Folder for the results.")
@click.option(
    "--ceiling", type=click.IntRange(min=1), help="Times to move the contours, for what the mask alone costs."
)
@extraction_options
@user_command
def compare(
    console: Console,
    cohort: Path | None,
    features: Path | None,
    force: bool,
    reference: str,
    tests: str,
    out: Path,
    ceiling: int | None,
    settings: Path | None,
    backend: str | None,
    label: int | None,
    threshold: float | None,
    resample_masks: bool,
    workers: int,
    scheduler: str | None,
) -> None:
    """Say which radiomic features of real images are preserved in translated ones.

    Per feature: ICC(A,1), CCC, Spearman and Pearson, Bland-Altman and the relative difference, with intervals by
    drawing subjects. When a feature counts as preserved stands in the settings and is printed with the result, beside
    the older rule of rho alone and what chance gives. The folder receives report.html, features.tsv, preservation.tsv
    and preservation.json. Who lacks an image of a role, images in another unit and with other voxels are named and
    refused before anything is computed, unless --force. PyRadiomics' own table names images: give the cohort as well.
    An image that cannot be used is a line with its reason, and the exit code is 2.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.radiomics.extraction.settings import ExtractionSettings
    from crosscontrast.radiomics.preservation.jobs import ComparePreservation
    from crosscontrast.radiomics.preservation.settings import PreservationSettings
    from crosscontrast.radiomics.settings_file import SettingsFile

    file = SettingsFile(settings)
    options = {"backend": backend, "label": label, "threshold": threshold, "resample_masks": resample_masks or None}
    job = ComparePreservation(
        cohort=cohort,
        features=features,
        force=force,
        reference=reference,
        tests=names_of(tests, "--test"),
        out=out,
        extraction=file.section("extraction", ExtractionSettings, options),
        settings=file.section("preservation", PreservationSettings, {"perturbations": ceiling}),
        workers=workers,
        scheduler=scheduler,
    )
    result = run_job(console, job.run, "comparing", out)
    console.say(result.rule)
    for role in result.roles:
        console.say(
            f"  {role.role}: {role.preserved} of {role.features} features preserved in {role.subjects} subjects "
            f"(by rho alone: {role.rho_only}; of shape, which is the mask's: {role.shape})"
        )
    console.say(f"  report:   {result.report}")
    console.say(f"  tables:   {result.preservation_table}, {result.features_table}")
    console.end_with_failures(result.failed, result.images, "images", result.features_table)
