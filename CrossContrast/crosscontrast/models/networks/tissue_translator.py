"""A translator that says what each voxel is made of, and paints that in the contrasts that it answers in."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from crosscontrast.models.networks.registry import build_network


class TissueTranslator(nn.Module):
    """Runs a network of the registry that tells tissues apart, and mixes their intensities by its probabilities.

    ``network`` and ``arguments`` name it; it has an output for each of the tissues, whose intensities in each contrast
    are ``levels`` (contrasts, tissues). Where tissues are uncertain the answer is their mean, which no voxel-wise loss
    of intensities taught as quickly. Input (B, C, ...), output (B, contrasts, ...).
    """

    levels: Tensor

    def __init__(self, network: str, arguments: Mapping[str, Any], levels: Sequence[Sequence[float]]) -> None:
        super().__init__()
        self.network = build_network(network, **arguments)
        self.register_buffer("levels", torch.tensor(levels), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the images."""
        return self.paint(torch.softmax(self.logits(x), 1))

    def logits(self, x: Tensor) -> Tensor:
        """Return what speaks for each tissue (B, tissues, ...)."""
        return self.network(x).float()

    def paint(self, shares: Tensor) -> Tensor:
        """Return the images (B, contrasts, ...) of shares of tissues (B, tissues, ...)."""
        return torch.einsum("ct,bt...->bc...", self.levels, shares)
