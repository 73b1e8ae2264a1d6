"""CycleGAN (Zhu et al., ICCV 2017), on slices or volumes."""

from torch import Tensor

from crosscontrast.synthesis.objectives.base import Batch, Design, least_squares, shown, ssim_loss, weighted_l1
from crosscontrast.synthesis.objectives.cyclic import Cyclic


class CycleGan(Cyclic):
    """Two generators whose composition must give back the image (10), and leave images of the other side alone (5).

    Least-squares adversarial losses. On volumes the cycle is half 1 - SSIM and half L1, as in Salmanpour et al. 2025.
    """

    def __init__(self, design: Design) -> None:
        super().__init__(design, design.resnet(), design.resnet(back=True))

    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a turn."""
        if player == "discriminator":
            return self.judge(batch, least_squares)
        made = self.go_round(batch)
        pairs = (
            (made.source, made.source_again, made.source_weight),
            (made.target, made.target_again, made.target_weight),
        )
        weight = self.identity_weight(5.0)
        same = []
        if weight:
            same = [
                (self.generator.mapped(made.target), made.target, made.target_weight),
                (self.back.mapped(made.source), made.source, made.source_weight),
            ]
        fooled = least_squares(self.judge_target(shown(made.fake_target, made.alike)), True)
        fooled = fooled + least_squares(self.judge_source(shown(made.fake_source, made.alike)), True)
        zero = fooled.new_zeros(())
        return {
            "adversarial": self.weight("adversarial", 1.0) * fooled,
            "cycle": self.weight("cycle", 10.0) * sum((self._difference(*pair) for pair in pairs), zero),
            "identity": weight * sum((weighted_l1(*pair) for pair in same), zero),
        }

    def _difference(self, one: Tensor, other: Tensor, weight: Tensor) -> Tensor:
        l1 = weighted_l1(one, other, weight)
        if self.design.dims == 2:
            return l1
        return 0.5 * l1 + 0.5 * ssim_loss(one, other, (weight > 0).to(one.dtype))
