"""``crosscontrast synth ablation``."""

from pathlib import Path

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE

_PATH = click.Path(path_type=Path)
_PAIRED = [name for name, entry in CATALOGUE.items() if entry.paired]


@click.command(
    epilog="Example: crosscontrast synth ablation --cohort phantoms/cohort.tsv --source us --target t2w"
    " --network pix2pix2d --out ablation"
)
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV) with the splits train and test, with masks.")
@click.option("--source", required=True, help="Role of the images to translate.")
@click.option("--target", required=True, help="Role of the images to translate into.")
@click.option("--network", default="pix2pix2d", show_default=True, type=click.Choice(_PAIRED), help="Which translator.")
@click.option("--weight", "weights", multiple=True, type=click.FloatRange(min=0), help="Weights to compare (0 and 1).")
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(min=1), help="Trainings per weight.")
@click.option("--steps", default=2000, show_default=True, type=click.IntRange(min=1), help="Steps of each training.")
@click.option("--out", required=True, type=_PATH, help="Folder for trainings and table.")
@click.option("--force", is_flag=True, help="Go on even where images of the cohort do not fit together.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@user_command
def ablation(
    console: Console,
    cohort: Path,
    source: str,
    target: str,
    network: str,
    weights: tuple[float, ...],
    seeds: int,
    steps: int,
    out: Path,
    force: bool,
    device: str,
) -> None:
    """Train a network with and without the radiomics-preserving loss and count the features that it preserves.

    Features are PyRadiomics' of the masked region; one is preserved where Lin's concordance between real and translated
    images over the test subjects is at least 0.75. The first weight is what the others are tested against, by paired
    t-tests over the seeds.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.synthesis.ablation.jobs import RadiomicsAblation

    job = RadiomicsAblation(
        cohort=cohort.absolute(),
        source=source,
        target=target,
        network=network,
        out=out,
        weights=weights or (0.0, 1.0),
        seeds=tuple(range(seeds)),
        settings={"steps": steps},
        force=force,
        device=device,
    )
    result = run_job(console, job.run, "training")
    for arm in result.arms:
        console.say(
            f"weight {arm.radiomics:g}, seed {arm.seed}: {arm.preserved} of {arm.features} features preserved,"
            f" median concordance {arm.median_concordance:.3f}, MAE {arm.mae:.4g}"
        )
    for change in result.differences:
        console.say(
            f"weight {change.radiomics:g} against {result.arms[0].radiomics:g} over {change.seeds} seeds:"
            f" {change.preserved:+.1f} features (p {change.preserved_p:.2g}), MAE {change.mae:+.3g}"
            f" (p {change.mae_p:.2g})"
        )
    console.say(f"Table: {result.table}")
