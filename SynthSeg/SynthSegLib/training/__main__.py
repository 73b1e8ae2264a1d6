"""``torchrun -m SynthSegLib.training``: the train command for several processes."""

from SynthSegLib.training.cli import train

train()
