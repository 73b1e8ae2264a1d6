"""``crosscontrast synth phantom``."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from crosscontrast.cli.console import Console, user_command

if TYPE_CHECKING:
    from crosscontrast.synthesis.phantom.write import Kind


@click.command(epilog="Example: crosscontrast synth phantom --kind prostate --subjects 16 --out phantoms")
@click.option("--kind", required=True, type=click.Choice(["prostate", "head"]), help="Which body part.")
@click.option("--subjects", default=16, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for images and cohort table.")
@click.option("--size", default=48, show_default=True, type=click.IntRange(16, 256), help="Voxels a side.")
@click.option(
    "--misregistration",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 20),
    help="Shift and bend the ultrasound by this many mm (root mean square).",
)
@click.option(
    "--flow-void",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Contrast of the head's vessels in heavy T2: 1 black, 0 as bright as what surrounds them.",
)
@click.option("--seed", default=2025, show_default=True, help="Draws everything.")
@user_command
def phantom(
    console: Console,
    kind: str,
    subjects: int,
    out: Path,
    size: int,
    misregistration: float,
    flow_void: float,
    seed: int,
) -> None:
    """Make phantom subjects in two modalities, with masks, labels and a cohort table.

    prostate: ultrasound (us) and T2-weighted MRI (t2w), the zones, and the outcome cancer (1) or benign (0). head:
    heavily T2-weighted MRI (heavyT2) and MR angiography (mra), with labels of cerebrum, cerebellum, brainstem and
    vessels.
    """
    from crosscontrast.synthesis.phantom.write import write_phantoms

    with console.progress("drawing") as progress:
        table = write_phantoms(
            cast("Kind", kind),
            out,
            subjects=subjects,
            size=size,
            misregistration=misregistration,
            flow_void=flow_void,
            seed=seed,
            progress=progress,
        )
    console.result({"cohort": table, "subjects": subjects})
    console.say(f"{subjects} {kind} phantoms: {table}")
