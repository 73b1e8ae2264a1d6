"""Segmentation as something that the training loop can train."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import NetworkSpec
from crosscontrast.synthesis.segmentation.config import SKIPS, SegmentationConfig
from crosscontrast.synthesis.segmentation.losses import class_weights, segmentation_loss


def network_spec(config: SegmentationConfig) -> NetworkSpec:
    """Return the network of the settings."""
    horizontal, vertical = SKIPS[config.network]
    return NetworkSpec(
        name="SkipNet",
        arguments={
            "spatial_dims": config.dims,
            "in_channels": len(config.inputs) + len(config.translators),
            "out_channels": len(config.outputs),
            "channels": [config.width * 2**level for level in range(config.levels)],
            "horizontal": list(config.horizontal) if config.horizontal is not None else horizontal,
            "vertical": list(config.vertical) if config.vertical is not None else vertical,
            "dropout": config.dropout,
        },
    )


class SegmentationObjective(nn.Module):
    """One player, a loss of :mod:`crosscontrast.synthesis.segmentation.losses` over the voxels whose label is known."""

    players = ("generator",)

    def __init__(self, config: SegmentationConfig, frequencies: Tensor) -> None:
        super().__init__()
        self.config = config
        spec = network_spec(config)
        self.generator = build_network(spec.name, **spec.arguments)
        self.weights: Tensor
        self.register_buffer("weights", class_weights(frequencies, config.weighting))

    def parts(self, player: str) -> list[nn.Module]:
        """Return the network."""
        return [self.generator]

    def forward(self, player: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the loss."""
        logits = self.generator(batch["source"])
        loss = segmentation_loss(
            logits, batch["target"], self.config.loss, self.config.weighting, self.weights, batch["mask"]
        )
        return {self.config.loss: loss}

    def after_step(self, player: str) -> None:
        """Nothing follows a step."""


def soft_maps(network: nn.Module, batch: Tensor) -> Tensor:
    """Return the probabilities (B, K, ...) of a batch."""
    return torch.softmax(network(batch).float(), 1)
