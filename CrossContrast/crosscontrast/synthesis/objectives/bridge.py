"""The few-step diffusion bridge between paired images."""

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from crosscontrast.models.networks.diffusion_bridge import DiffusionBridge
from crosscontrast.synthesis.objectives.base import Batch, Design, Objective, masked_l1


class Bridge(Objective):
    """The denoiser learns to see the target from any state between source and target (L1)."""

    def __init__(self, design: Design) -> None:
        arguments = {
            "spatial_dims": design.dims,
            "in_channels": design.channels,
            "channels": [design.width, 2 * design.width, 4 * design.width],
        }
        # The bridge begins at the source itself, so it needs no linear map to begin with.
        design = replace(design, residual=None)
        super().__init__(design, design.spec("DiffusionBridge", arguments, "none"))

    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Draw a time for each image and return the error of the estimate."""
        source = batch["source"]
        bridge = cast(DiffusionBridge, self.generator.network)
        step = torch.randint(1, bridge.steps + 1, (len(source),), device=source.device)
        middle = source.shape[1] // 2
        begin = source[:, middle : middle + 1]
        # Nothing is known of an unmeasured target: there the bridge stays where it begins.
        target = torch.where(batch["measured"] > 0, batch["target"], begin)
        state = bridge.state(target, begin, step, torch.randn_like(target))
        estimate = self.answer = bridge.estimate(state, source, step)
        return {"l1": self.weight("l1", 10.0) * masked_l1(estimate, batch)}
