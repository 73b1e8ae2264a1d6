"""``torchrun -m crosscontrast.synthesis.training``: the train command for several processes."""

from crosscontrast.cli.synth_train import train

train()
