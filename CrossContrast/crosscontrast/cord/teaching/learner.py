"""A cord network as something that the training loop can train, and the weights that it starts from."""

from pathlib import Path

import torch
from torch import Tensor, nn

from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.losses import mixture
from crosscontrast.cord.teaching.stream import Batch
from crosscontrast.errors import BadInputError
from crosscontrast.models.networks import build_network
from crosscontrast.training.learner import Learner
from crosscontrast.training.state import as_of_now

#: The only player, and the attribute that holds its network.
NETWORK = "network"


class CordLearner(Learner):
    """One network with a mixture of losses for soft targets, from ``config.initial_weights`` where given."""

    players = (NETWORK,)

    def __init__(self, config: TrainingConfig) -> None:
        super().__init__()
        self.network = build_network(config.network.name, **config.network.arguments)
        if config.initial_weights:
            _start_from(self.network, config.initial_weights)
        else:
            _expect_little_cord(self.network)
        store_channels_last(self.network)
        self.loss = mixture(config.losses, config.output_weights)

    def parts(self, player: str) -> list[nn.Module]:
        """Return the network."""
        return [self.network]

    def forward(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of a batch (image, target, weight), each (B, C, D, H, W)."""
        image, target, weight = batch
        outputs = self.network(image.contiguous(memory_format=torch.channels_last_3d))
        return {"loss": self.loss(outputs, target, weight)}


def _start_from(network: nn.Module, path: Path) -> None:
    """Take the weights of ``path``; parts of the network that they know nothing of begin as they are built."""
    try:
        unused = network.load_state_dict(read_weights(path), strict=False).unexpected_keys
    except RuntimeError as error:
        raise BadInputError(f"The weights {path} do not fit the network: {error}.") from error
    if unused:
        raise BadInputError(f"The weights {path} have parts that the network lacks, {unused[0]} for one.")


def store_channels_last(network: nn.Module) -> None:
    """Lay out the convolutions' weights so that a step takes 12 % less on a CPU (those of 1 x 1 x 1 have no layout)."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d) and max(module.kernel_size) > 1:
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last_3d)


def _expect_little_cord(network: nn.Module) -> None:
    """Start the last layer at a probability of 2 %: else hundreds of steps only teach that cord is rare."""
    last = [m for m in network.modules() if isinstance(m, nn.Conv3d)][-1]
    if last.bias is not None:
        nn.init.constant_(last.bias, -4.0)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the network weights of a checkpoint (its moving average) or of a plain state dict."""
    try:
        stored = as_of_now(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:
        raise BadInputError(f"The weights {path} cannot be read: {error}.") from error
    if "average" not in stored:
        return dict(stored)
    return {name.removeprefix(f"{NETWORK}."): value for name, value in stored["average"].items()}
