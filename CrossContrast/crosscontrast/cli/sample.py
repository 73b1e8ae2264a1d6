"""``crosscontrast sample``."""

from pathlib import Path

import click

from crosscontrast.cli.console import Console, user_command


@click.command(epilog="Example: crosscontrast sample cord --out cord-sample")
@click.argument("name", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="New folder.  [default: the sample's name]")
@user_command
def sample(console: Console, name: str | None, out: Path | None) -> None:
    """Draw the sample data called NAME into a folder; without a NAME, list what there is.

    Samples are phantoms that are drawn on this computer: no network is needed, and they show nobody.
    """
    from crosscontrast.desk.samples import SAMPLES, make_sample

    if name is None:
        console.result({key: entry.content for key, entry in SAMPLES.items()})
        for key, entry in SAMPLES.items():
            console.say(f"{key:14}{entry.content}")
        return
    folder = (out or Path(name)).absolute()
    with console.progress("drawing") as progress:
        shown = make_sample(name, folder, progress)
    console.result({"folder": folder, "images": shown})
    console.say(f"{SAMPLES[name].title}, {SAMPLES[name].content}: {folder}")
