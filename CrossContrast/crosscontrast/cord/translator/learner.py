"""The translator as something that the training loop can train, and its losses."""

import torch
from torch import Tensor, nn

from crosscontrast.cord.teaching.learner import NETWORK, read_weights, store_channels_last
from crosscontrast.cord.translator.config import TranslatorConfig
from crosscontrast.errors import BadInputError
from crosscontrast.models.networks import build_network
from crosscontrast.training.learner import Learner


class TranslatorLearner(Learner):
    """One network that should tell what voxels are made of, from ``config.initial_weights`` where given."""

    players = (NETWORK,)

    def __init__(self, config: TranslatorConfig) -> None:
        super().__init__()
        self.terms = config.terms
        self.network = build_network(config.network.name, **config.network.arguments)
        if config.initial_weights:
            known = read_weights(config.initial_weights)
            trunk = {f"network.{name}": value for name, value in known.items() if not name.startswith("head.")}
            try:
                unused = self.network.load_state_dict(trunk, strict=False).unexpected_keys
            except RuntimeError as error:
                raise BadInputError(f"The weights {config.initial_weights} do not fit the network: {error}.") from error
            if unused:
                raise BadInputError(f"The weights {config.initial_weights} have more than the network: {unused[0]}.")
        store_channels_last(self.network)

    def parts(self, player: str) -> list[nn.Module]:
        """Return the network."""
        return [self.network]

    def forward(self, player: str, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the weighted losses of a batch of :class:`~crosscontrast.cord.translator.pairs.Pairs`."""
        logits = self.network.logits(batch["image"].contiguous(memory_format=torch.channels_last_3d))
        shares, weight = batch["shares"], batch["weight"]
        chances = torch.log_softmax(logits, 1)
        error = self.network.paint(chances.exp() - shares)
        found = {
            "tissues": -(shares * chances).sum(1, keepdim=True).mul(weight).mean(),
            "images": (error.square() * weight).mean(),
        }
        return {name: share * found[name] for name, share in self.terms.items()}
