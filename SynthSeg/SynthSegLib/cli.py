"""``crosscontrast synth``: image-to-image translation and what it helps."""

import click

from SynthSegLib.ablation.cli import ablation
from SynthSegLib.benchmark.cli import benchmark
from SynthSegLib.phantom.cli import phantom
from SynthSegLib.segmentation.cli import cleanse, segment, segment_train
from SynthSegLib.training.cli import train
from SynthSegLib.translate_cli import translate


@click.group(epilog="Example: crosscontrast synth phantom --kind prostate --subjects 16 --out phantoms")
def synth() -> None:
    """Translate images into another contrast or modality, measure it, and segment with its help."""


synth.add_command(phantom)
synth.add_command(train)
synth.add_command(translate)
synth.add_command(benchmark)
synth.add_command(ablation)
synth.add_command(segment_train)
synth.add_command(segment)
synth.add_command(cleanse)
