"""Pix2Pix (Isola et al., CVPR 2017), on slices or volumes."""

import torch
from torch import Tensor, nn

from crosscontrast.synthesis.objectives.base import (
    Batch,
    Design,
    Objective,
    cross_entropy,
    masked_l1,
    masked_mse,
    shown,
)
from crosscontrast.synthesis.objectives.discriminator import Discriminator


class Pix2Pix(Objective):
    """A U-Net that must agree with the target (100 L1) and deceive a discriminator that sees source and answer.

    With the weight 0 for ``adversarial`` there is no discriminator. ``mse`` (0) weighs the squared error: where a thin
    structure is uncertain, L1 alone answers the median and leaves it out, the squared error shows its probability.
    """

    def __init__(self, design: Design) -> None:
        super().__init__(design, design.unet())
        self._deceives = self.weight("adversarial", 1.0) > 0
        if self._deceives:
            self.players = ("generator", "discriminator")
            self.discriminator = Discriminator(design.dims, design.channels + 1, design.width)

    def networks(self, player: str) -> list[nn.Module]:
        """Return the networks that a player trains."""
        return [self.generator] if player == "generator" else [self.discriminator]

    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a turn."""
        source, measured = batch["source"], batch["measured"]
        if player == "generator":
            fake = self.answer = self.generator.mapped(source)
            self._fake = fake.detach()
            losses = {"l1": self.weight("l1", 100.0) * masked_l1(fake, batch)}
            if squared := self.weight("mse", 0.0):
                losses["mse"] = squared * masked_mse(fake, batch)
            if self._deceives:
                deceived = cross_entropy(self._judge(source, fake, measured), real=True)
                losses["adversarial"] = self.weight("adversarial", 1.0) * deceived
            return losses
        real = cross_entropy(self._judge(source, batch["target"], measured), real=True)
        fake = cross_entropy(self._judge(source, self._fake, measured), real=False)
        return {"real": 0.5 * real, "fake": 0.5 * fake}

    def _judge(self, source: Tensor, image: Tensor, measured: Tensor) -> Tensor:
        judged: Tensor = self.discriminator(torch.cat([source, shown(image, measured)], 1))
        return judged
