"""GcGAN (Fu et al., CVPR 2019): one way only, kept honest by geometry."""

import torch
from torch import Tensor, nn

from crosscontrast.synthesis.objectives.base import Batch, Design, Objective, evenly, least_squares, shown, weighted_l1
from crosscontrast.synthesis.objectives.discriminator import Discriminator


class GcGan(Objective):
    """Translating and turning by 90 degrees must give the same in either order (20), identity 3, least squares."""

    players = ("generator", "discriminator")

    def __init__(self, design: Design) -> None:
        super().__init__(design, design.resnet())
        self._fakes: tuple[Tensor, Tensor] = (torch.empty(0), torch.empty(0))
        self.judge = Discriminator(design.dims, 1, design.width)

    def networks(self, player: str) -> list[nn.Module]:
        """Return the networks that a player trains."""
        return [self.generator] if player == "generator" else [self.judge]

    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a turn."""
        source, target, seen = batch["source"], batch["target"], batch["target_measured"]
        if player == "discriminator":
            return {
                f"judge_{number}": 0.5
                * (least_squares(self._judge(real, part), True) + least_squares(self._judge(fake, part), False))
                for number, (real, fake, part) in enumerate(
                    zip((target, turn(target)), self._fakes, (seen, turn(seen)), strict=True)
                )
            }
        fake, turned = self.generator.mapped(source), self.generator.mapped(turn(source))
        self.answer = fake
        self._fakes = fake.detach(), turned.detach()
        weight, identity = evenly(batch["measured"]), self.identity_weight(3.0)
        same = weighted_l1(self.generator.mapped(target), target, evenly(seen)) if identity else fake.new_zeros(())
        return {
            "adversarial": least_squares(self._judge(fake, seen), True)
            + least_squares(self._judge(turned, turn(seen)), True),
            "geometry": self.weight("geometry", 20.0) * weighted_l1(turn(fake), turned, turn(weight)),
            "identity": identity * same,
        }

    def _judge(self, image: Tensor, measured: Tensor) -> Tensor:
        """Judge an image, which may have been made, where the real one was measured."""
        judged: Tensor = self.judge(shown(image, measured))
        return judged


def turn(image: Tensor) -> Tensor:
    """Turn (B, C, H, W) by 90 degrees."""
    return torch.rot90(image, 1, (2, 3))
