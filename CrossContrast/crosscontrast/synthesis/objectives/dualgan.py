"""DualGAN (Yi et al., ICCV 2017)."""

import torch
from torch import Tensor

from crosscontrast.synthesis.objectives.base import Batch, Design, shown, weighted_l1
from crosscontrast.synthesis.objectives.cyclic import Cyclic

#: The judges' weights are cut to this, which is what keeps a Wasserstein critic's slope finite.
CLIP = 0.01


class DualGan(Cyclic):
    """Wasserstein critics with clipped weights (0.01) and an L1 reconstruction of weight 100 both ways."""

    anchor = 50.0  # of the order of its reconstruction

    def __init__(self, design: Design) -> None:
        super().__init__(design, design.unet(), design.unet(back=True))

    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a turn."""
        if player == "discriminator":
            return self.judge(batch, lambda answers, real: -2 * answers.mean() if real else 2 * answers.mean())
        made = self.go_round(batch)
        fooled = -self.judge_target(shown(made.fake_target, made.alike)).mean()
        fooled = fooled - self.judge_source(shown(made.fake_source, made.alike)).mean()
        again = weighted_l1(made.source, made.source_again, made.source_weight)
        again = again + weighted_l1(made.target, made.target_again, made.target_weight)
        return {
            "adversarial": self.weight("adversarial", 1.0) * fooled,
            "reconstruction": self.weight("reconstruction", 100.0) * again,
        }

    @torch.no_grad()
    def after_step(self, player: str) -> None:
        """Clip the critics' weights."""
        if player == "discriminator":
            for part in self.parts(player):
                for value in part.parameters():
                    value.clamp_(-CLIP, CLIP)
