"""``crosscontrast synth benchmark``."""

import json
from pathlib import Path
from typing import Any

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.synthesis.objectives.catalogue import NAMES

_PATH = click.Path(path_type=Path)


@click.command(
    epilog="Example: crosscontrast synth benchmark --cohort phantoms/cohort.tsv --source us --target t2w"
    " --networks all --out benchmark"
)
@click.option("--cohort", required=True, type=_PATH, help="Table (TSV) with the splits train and test.")
@click.option("--source", required=True, help="Role of the images to translate.")
@click.option("--target", required=True, help="Role of the images to translate into.")
@click.option("--networks", default="all", show_default=True, help="Names, separated by commas.")
@click.option("--out", required=True, type=_PATH, help="Folder for networks, images, tables and report.")
@click.option("--steps", type=click.IntRange(min=1), help="Steps of each training (default 2000).")
@click.option(
    "--config",
    type=_PATH,
    help="Settings (JSON); those of single networks by name under the key networks.",
)
@click.option("--data-range", type=click.FloatRange(min=0, min_open=True), help="Default: that of training targets.")
@click.option("--labels", default="", help="Role of label maps, for the Dice of a network that segments targets.")
@click.option("--class", "classes", multiple=True, help="A class of the label maps, as NAME=VALUE or NAME=1+2.")
@click.option("--force", is_flag=True, help="Go on even where images of the cohort do not fit together.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@user_command
def benchmark(
    console: Console,
    cohort: Path,
    source: str,
    target: str,
    networks: str,
    out: Path,
    steps: int | None,
    config: Path | None,
    data_range: float | None,
    labels: str,
    classes: tuple[str, ...],
    force: bool,
    device: str,
) -> None:
    """Train or load translators and compare them on the cohort's split 'test'.

    The folder receives report.html, cases.tsv, summary.tsv, benchmark.json, every network's training and the translated
    images. Started again it loads what is trained already and goes on with what was interrupted; a training with other
    settings there is an error.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.errors import BadInputError
    from crosscontrast.synthesis.benchmark.jobs import BenchmarkTranslators
    from crosscontrast.synthesis.segmentation.config import parse_classes

    chosen = NAMES if networks == "all" else tuple(networks.split(","))
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        raise BadInputError(f"There is no network {unknown[0]!r}.", f"there are: {', '.join(NAMES)}")
    if bool(labels) != bool(classes):
        raise BadInputError("--labels and --class belong together.")
    job = BenchmarkTranslators(
        cohort=cohort.absolute(),
        source=source,
        target=target,
        out=out,
        networks=chosen,
        settings=_settings(config) | ({"steps": steps} if steps else {}),
        data_range=data_range,
        labels=labels,
        classes=parse_classes(classes),
        force=force,
        device=device,
    )
    result = run_job(console, job.run, "comparing")
    console.say(f"Best mean rank: {', '.join(result.ranking[:3])}")
    console.say(f"Report: {result.report}")


def _settings(path: Path | None) -> dict[str, Any]:
    from crosscontrast.errors import BadInputError

    if path is None:
        return {}
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadInputError(f"The settings {path} cannot be read: {error}.") from error
    if not isinstance(content, dict):
        raise BadInputError(f"The settings {path} do not hold a JSON object.")
    return content
