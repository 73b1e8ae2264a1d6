"""A network between two intensity ranges: what makes any network of the registry a translator."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from crosscontrast.models.networks.registry import build_network

Range = tuple[float, float]


class Translator(nn.Module):
    """Runs a network of the registry on intensities mapped to [-1, 1] and maps its answer to the target's range.

    ``network`` and ``arguments`` name it; ``source_range`` and ``target_range`` are the ends (low, high) that become -1
    and 1. With ``activation`` "tanh" the answer stays inside the target's range. With ``residual`` (slope, offset) the
    network adds to that linear map of its middle channel, both in mapped intensities, and knows it from the beginning;
    ``residual_window`` (odd) voxels along each axis are averaged before.
    Input (B, C, ...) as the bundle's preprocessing leaves it, output (B, 1, ...) in the target's unit.
    """

    def __init__(
        self,
        network: str,
        arguments: Mapping[str, Any],
        source_range: Range,
        target_range: Range,
        activation: Literal["tanh", "none"] = "none",
        residual: tuple[float, float] | None = None,
        residual_window: int = 1,
    ) -> None:
        super().__init__()
        self.network = build_network(network, **arguments)
        self.activation = activation
        self.residual, self.residual_window = residual, residual_window
        self.source_range, self.target_range = source_range, target_range

    def forward(self, x: Tensor) -> Tensor:
        """Translate intensities."""
        low, high = self.target_range
        return low + (high - low) * (self.mapped(self.map_source(x)) + 1) / 2

    def map_source(self, x: Tensor) -> Tensor:
        """Map preprocessed intensities to [-1, 1]; what lies outside the range goes beyond, nothing is clipped."""
        return map_to_unit(x, self.source_range)

    def mapped(self, x: Tensor) -> Tensor:
        """Translate mapped source intensities (B, C, ...) into mapped target intensities (B, 1, ...)."""
        y = self.network(x)
        if self.residual is not None:
            y = y + self.start(x)
        return torch.tanh(y) if self.activation == "tanh" else y

    def start(self, x: Tensor) -> Tensor:
        """Return the linear map of mapped intensities (B, C, ...) that a residual network adds to (B, 1, ...)."""
        assert self.residual is not None
        slope, offset = self.residual
        middle = x.shape[1] // 2
        given, width = x[:, middle : middle + 1], self.residual_window
        if width > 1:
            pool = functional.avg_pool2d if x.ndim == 4 else functional.avg_pool3d
            given = pool(given, width, 1, width // 2, count_include_pad=False)
        return slope * given + offset


def map_to_unit(values: Tensor, ends: Range) -> Tensor:
    """Map ``ends`` linearly to -1 and 1."""
    low, high = ends
    return 2 * (values - low) / (high - low) - 1
