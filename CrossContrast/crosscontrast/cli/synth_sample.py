"""``crosscontrast synth sample``."""

from pathlib import Path

import click

from crosscontrast.cli.console import Console, user_command


@click.command(epilog="Example: crosscontrast synth sample --model cordsynth --out sample")
@click.option("--model", required=True, help="Model that the sample is for; see 'models list'.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the images.")
@user_command
def sample(console: Console, model: str, out: Path) -> None:
    """Draw a case to try MODEL with: an image to translate, the true image that should come out, and a mask."""
    from crosscontrast.desk.samples import sample_of, write_sample

    made = write_sample(sample_of(model), out)
    console.result({"image": made.image, "target": made.target, "mask": made.mask})
    console.say(f"to translate: {made.image}")
    console.say(f"the truth:    {made.target}")
    console.say(f"mask:         {made.mask}")
