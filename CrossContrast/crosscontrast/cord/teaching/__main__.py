"""``torchrun -m crosscontrast.cord.teaching``: the train command for several processes."""

from crosscontrast.cli.cord_train import train

train()
