"""CycleGAN (Zhu et al., ICCV 2017), on slices or volumes."""

from torch import Tensor

from crosscontrast.synthesis.objectives.base import Batch, Design, least_squares, ssim_loss
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
        pairs = ((made.source, made.source_again), (made.target, made.target_again))
        weight = self.identity_weight(5.0)
        same = []
        if weight:
            same = [(self.generator.mapped(made.target), made.target), (self.back.mapped(made.source), made.source)]
        fooled = least_squares(self.judge_target(made.fake_target), True)
        fooled = fooled + least_squares(self.judge_source(made.fake_source), True)
        zero = fooled.new_zeros(())
        return {
            "adversarial": self.weight("adversarial", 1.0) * fooled,
            "cycle": self.weight("cycle", 10.0) * sum((self._difference(*pair) for pair in pairs), zero),
            "identity": weight * sum(((a - b).abs().mean() for a, b in same), zero),
        }

    def _difference(self, one: Tensor, other: Tensor) -> Tensor:
        l1 = (one - other).abs().mean()
        return l1 if self.design.dims == 2 else 0.5 * l1 + 0.5 * ssim_loss(one, other)
