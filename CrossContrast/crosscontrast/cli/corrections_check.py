"""``crosscontrast corrections check``: what would be silently wrong in a dataset."""

from dataclasses import asdict
from pathlib import Path

import click

from crosscontrast.cli.console import BAD_INPUT, Console, user_command


@click.command(epilog="Example: crosscontrast corrections check my-dataset")
@click.argument("dataset", type=click.Path(path_type=Path))
@user_command
def check(console: Console, dataset: Path) -> None:
    """Look for persons under two subjects, changed images, masks that look wrong or lie elsewhere, and say what to do.

    Nothing is changed. The exit code is 2 where something was found.
    """
    from crosscontrast.corrections.check import check_dataset
    from crosscontrast.corrections.dataset import CorrectionDataset
    from crosscontrast.ground.case import our_warnings

    with our_warnings(), console.progress("checking") as progress:  # what opening warns of is found here too
        opened = CorrectionDataset.open(dataset)
        found = check_dataset(opened, progress)
    console.result([asdict(finding) for finding in found])
    for finding in found:
        console.say(f"{finding.kind}: {finding.problem}\n  what to do: {finding.advice}")
    if found:
        console.code = BAD_INPUT
    else:
        console.say(f"Nothing is wrong with the {len(opened.cases())} case(s) of {dataset}.")
