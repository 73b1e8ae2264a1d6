"""``torchrun -m SoftCordSegLib.training``: the train command for several processes."""

from SoftCordSegLib.training.cli import train

train()
