"""``crosscontrast radiomics outcome``."""

from pathlib import Path

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.cli.radiomics_extract import extraction_options, names_of

_PATH = click.Path(path_type=Path)


@click.command(
    epilog="Example: crosscontrast radiomics outcome --cohort cohort.tsv --outcome tumour --arms us,us+mri --out out"
)
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV): subject, session, role, image, mask, outcome.")
@click.option("--outcome", required=True, help="Column with two classes.")
@click.option("--positive", help="Which class counts as positive; needed unless obvious (0 and 1, no and yes).")
@click.option("--time", help="Column of the time of the event, or until when there was none: fits Cox's model.")
@click.option("--arms", required=True, help="Roles, separated by commas; us+synthetic takes both together.")
@click.option("--models", help="random-forest, pca-random-forest, logistic, cnn; separated by commas.")
@click.option("--batch", help="Column of scanners or sites whose effect ComBat removes.")
@click.option("--features", type=_PATH, help="Table of features, instead of extracting them.")
@click.option("--force", is_flag=True, help="Go on even where the cohort does not fit together.")
@click.option("--out", required=True, type=_PATH, help="Folder for the results.")
@click.option("--device", default="auto", show_default=True, help="For the CNN: auto, cpu, cuda, cuda:N or mps.")
@extraction_options
@user_command
def outcome(
    console: Console,
    cohort: Path,
    outcome: str,
    positive: str | None,
    arms: str,
    models: str | None,
    batch: str | None,
    time: str | None,
    force: bool,
    features: Path | None,
    out: Path,
    device: str,
    settings: Path | None,
    backend: str | None,
    label: int | None,
    threshold: float | None,
    resample_masks: bool,
    workers: int,
    scheduler: str | None,
) -> None:
    """Say whether translated images predict an outcome as well as the real ones.

    Nested cross-validation by subject: everything is learned inside the folds, and every score comes from a model that
    never saw the subject. All arms are scored on the same images and compared in pairs (t-test over repeated held-out
    parts, corrected for the training data that they share; Holm). With --time the outcome is an event at a time: Cox's
    model on components of the features, judged by concordance. The folder receives report.html, predictions.tsv and
    outcome.json.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.ground.device import choose_device
    from crosscontrast.radiomics.extraction.settings import ExtractionSettings
    from crosscontrast.radiomics.outcome.jobs import PredictOutcome
    from crosscontrast.radiomics.outcome.settings import OutcomeSettings
    from crosscontrast.radiomics.settings_file import SettingsFile

    file = SettingsFile(settings)
    options = {"backend": backend, "label": label, "threshold": threshold, "resample_masks": resample_masks or None}
    names = names_of(models, "--models") if models else None
    chosen = file.section("outcome", OutcomeSettings, {"models": names})
    job = PredictOutcome(
        cohort=cohort,
        outcome=outcome,
        positive=positive,
        arms=names_of(arms, "--arms"),
        batch=batch,
        time=time,
        force=force,
        features=features,
        out=out,
        extraction=file.section("extraction", ExtractionSettings, options),
        settings=chosen,
        device=str(choose_device(device)) if "cnn" in chosen.models else "cpu",
        workers=workers,
        scheduler=scheduler,
    )
    result = run_job(console, job.run, "predicting", out)
    console.say(f"Positive class of {outcome}: {result.positive}")
    for survival in result.survival:
        interval = "" if survival.low is None else f" [{survival.low:.2f}, {survival.high:.2f}]"
        told = f"concordance {survival.concordance:.2f}{interval}, {survival.events} events in {survival.subjects}"
        console.say(f"  {survival.arm}, {survival.model}: {told} subjects")
    for found in result.performances:
        interval = "" if found.auc_low is None else f" [{found.auc_low:.2f}, {found.auc_high:.2f}]"
        console.say(f"  {found.arm}, {found.model}: AUC {found.auc:.2f}{interval}, accuracy {found.accuracy:.2f}")
    console.say(f"  report:   {result.report}")
    console.say(f"  scores:   {result.predictions}")
    console.end_with_failures(result.failed, result.images, "images", result.features)
