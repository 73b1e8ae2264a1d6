"""DiscoGAN (Kim et al., ICML 2017)."""

from torch import Tensor

from crosscontrast.synthesis.objectives.base import Batch, Design, cross_entropy, shown
from crosscontrast.synthesis.objectives.cyclic import Cyclic
from crosscontrast.synthesis.objectives.discriminator import Discriminator


class DiscoGan(Cyclic):
    """0.1 adversarial + 1.0 squared reconstruction + 0.9 feature matching: the judges must see alike in both."""

    anchor = 3.0  # its other losses weigh less, too

    def __init__(self, design: Design) -> None:
        super().__init__(design, design.unet(), design.unet(back=True))

    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a turn."""
        if player == "discriminator":
            return self.judge(batch, cross_entropy)
        made = self.go_round(batch)
        fooled, matched = self._deceive(self.judge_target, made.fake_target, made.target, made.alike)
        others = self._deceive(self.judge_source, made.fake_source, made.source, made.alike)
        again = ((made.source - made.source_again) ** 2 * made.source_weight).mean()
        again = again + ((made.target - made.target_again) ** 2 * made.target_weight).mean()
        return {
            "adversarial": self.weight("adversarial", 0.1) * (fooled + others[0]),
            "reconstruction": self.weight("reconstruction", 1.0) * again,
            "features": self.weight("features", 0.9) * (matched + others[1]),
        }

    def _deceive(self, judge: Discriminator, fake: Tensor, real: Tensor, alike: Tensor) -> tuple[Tensor, Tensor]:
        """Return the adversarial loss and how far the mean features of the inner layers lie apart."""
        seen, expected = judge.features(shown(fake, alike)), judge.features(shown(real, alike))
        apart = [((a.mean(0) - b.mean(0).detach()) ** 2).mean() for a, b in zip(seen[:-1], expected[:-1], strict=True)]
        return cross_entropy(seen[-1], True), sum(apart, apart[0].new_zeros(())) / len(apart)
