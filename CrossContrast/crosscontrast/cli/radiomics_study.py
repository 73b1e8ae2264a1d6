"""``crosscontrast radiomics study``."""

from pathlib import Path
from typing import Any

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.cli.radiomics_extract import extraction_options, names_of

_PATH = click.Path(path_type=Path)


@click.command(
    epilog="Example: crosscontrast radiomics study --cohort phantoms/cohort.tsv --source us --target t2w"
    " --network pix2pix2d --outcome outcome --out study"
)
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV): subject, session, role, image, mask, outcome.")
@click.option("--source", required=True, help="Role of the images to translate.")
@click.option("--target", required=True, help="Role of the real images that they are translated into.")
@click.option("--outcome", required=True, help="Column with two classes.")
@click.option("--out", required=True, type=_PATH, help="Folder for the study; a study that was stopped goes on.")
@click.option("--network", help="Translator to train (see `synth train`), in folds of subjects.")
@click.option("--model", help="Finished translator instead, which translates the split 'test'.")
@click.option("--unseen", is_flag=True, help="The finished model was trained on none of the subjects: translate all.")
@click.option("--folds", default=3, show_default=True, type=click.IntRange(min=2), help="Translators to train.")
@click.option("--split", "frozen", is_flag=True, help="Train once, on the split 'train', for the split 'test'.")
@click.option("--steps", type=click.IntRange(min=1), help="Steps of each training.")
@click.option("--training", type=_PATH, help="JSON file with further settings of the training.")
@click.option("--synthetic", default="synthetic", show_default=True, help="Role of the translated images.")
@click.option("--positive", help="Which class counts as positive; needed unless obvious (0 and 1, no and yes).")
@click.option("--arms", help="Roles, with commas; by default source, synthetic, target, source+synthetic.")
@click.option("--models", help="random-forest, pca-random-forest, logistic, cnn; separated by commas.")
@click.option("--batch", help="Column of scanners or sites whose effect ComBat removes.")
@click.option("--force", is_flag=True, help="Go on even where images of the cohort do not fit together.")
@click.option("--ceiling", type=click.IntRange(min=1), help="Times to move the contours, for what a mask alone costs.")
@click.option("--seed", default=0, show_default=True, help="Draws the folds.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@extraction_options
@user_command
def study(
    console: Console,
    cohort: Path,
    outcome: str,
    out: Path,
    steps: int | None,
    training: Path | None,
    arms: str | None,
    models: str | None,
    ceiling: int | None,
    unseen: bool,
    settings: Path | None,
    backend: str | None,
    label: int | None,
    threshold: float | None,
    resample_masks: bool,
    **choices: Any,
) -> None:
    """Go the whole way from one table: translate, check, compare features, predict the outcome, one report.

    No subject is translated by a translator that learned from it: a network is trained in folds of subjects, or a
    finished model gets the split 'test'. The quality gate judges every translated image. Features of the translated
    and of the source images are compared with the real target's, and the outcome is predicted from each. The folder
    receives report.html with all parts inside; what was finished when a study was stopped is kept.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.ground.device import check_device_name
    from crosscontrast.radiomics.extraction.settings import ExtractionSettings
    from crosscontrast.radiomics.outcome.settings import OutcomeSettings
    from crosscontrast.radiomics.preservation.settings import PreservationSettings
    from crosscontrast.radiomics.settings_file import SettingsFile, read_json
    from crosscontrast.study.jobs import RunStudy

    check_device_name(choices["device"])
    file = SettingsFile(settings)
    options = {"backend": backend, "label": label, "threshold": threshold, "resample_masks": resample_masks or None}
    names = names_of(models, "--models") if models else None
    job = RunStudy(
        cohort=cohort,
        outcome=outcome,
        out=out,
        training=(read_json(training) if training else {}) | ({"steps": steps} if steps else {}),
        arms=names_of(arms, "--arms") if arms else (),
        all_unseen=unseen,
        extraction=file.section("extraction", ExtractionSettings, options),
        preservation=file.section("preservation", PreservationSettings, {"perturbations": ceiling}),
        prediction=file.section("outcome", OutcomeSettings, {"models": names}),
        **choices,
    )
    result = run_job(console, job.run, "study", out)
    gate = ", ".join(f"{count} {decision}" for decision, count in result.gate.items())
    console.say(f"{result.images} images translated; quality gate: {gate}")
    for role in result.preservation.roles:
        console.say(f"  {role.role}: {role.preserved} of {role.features} features preserved ({role.shape} of shape)")
    console.say(f"Positive class of {outcome}: {result.outcome.positive}")
    for found in result.outcome.performances:
        console.say(f"  {found.arm}, {found.model}: AUC {found.auc:.2f}")
    console.say(f"  report:   {result.report}")
    console.end_with_failures(result.failed, result.images, "images", f"{result.translations} and {result.report}")
