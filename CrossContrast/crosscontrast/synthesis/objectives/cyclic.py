"""What translators with a way back have in common: two generators and two judges."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from crosscontrast.models.networks.translator import Translator
from crosscontrast.models.spec import NetworkSpec
from crosscontrast.synthesis.objectives.base import Batch, Design, Objective, evenly, shown
from crosscontrast.synthesis.objectives.discriminator import Discriminator

Adversarial = Callable[[Tensor, bool], Tensor]


class Round(NamedTuple):
    """Source and target, what was made of them, and what came back.

    ``source_weight`` and ``target_weight`` have mean 1 and are 0 where nothing was measured. ``alike`` is where both of
    the batch's patches were: judges look only there, so that real and made images end alike.
    """

    source: Tensor
    target: Tensor
    fake_target: Tensor
    fake_source: Tensor
    source_again: Tensor
    target_again: Tensor
    source_weight: Tensor
    target_weight: Tensor
    alike: Tensor


class Cyclic(Objective):
    """Base of CycleGAN, DualGAN and DiscoGAN."""

    players = ("generator", "discriminator")
    back: Translator

    def __init__(self, design: Design, there: NetworkSpec, back_again: NetworkSpec) -> None:
        super().__init__(design, there, back_again)
        self.judge_target = Discriminator(design.dims, 1, design.width)
        self.judge_source = Discriminator(design.dims, 1, design.width)

    def networks(self, player: str) -> list[nn.Module]:
        """Return the networks that a player trains."""
        if player == "generator":
            return [self.generator, self.back]
        return [self.judge_target, self.judge_source]

    def go_round(self, batch: Batch) -> Round:
        """Translate both ways and back; the answers are kept for the judges' turn."""
        source, target = batch["source"], batch["target"]
        fake_target, fake_source = self.generator.mapped(source), self.back.mapped(target)
        self.answer, self.answer_back = fake_target, fake_source
        self._fakes = fake_target.detach(), fake_source.detach()
        again = self.back.mapped(fake_target), self.generator.mapped(fake_source)
        weights = evenly(batch["measured"]), evenly(batch["target_measured"])
        return Round(source, target, fake_target, fake_source, *again, *weights, _alike(batch))

    def judge(self, batch: Batch, adversarial: Adversarial) -> dict[str, Tensor]:
        """Return the judges' losses on the answers of this step's generators."""
        losses, alike = {}, _alike(batch)
        fake_target, fake_source = self._fakes
        for name, judge, real, fake in (
            ("target", self.judge_target, batch["target"], fake_target),
            ("source", self.judge_source, batch["source"], fake_source),
        ):
            answers = judge(shown(real, alike)), judge(shown(fake, alike))
            losses[f"judge_{name}"] = 0.5 * (adversarial(answers[0], True) + adversarial(answers[1], False))
        return losses


def _alike(batch: Batch) -> Tensor:
    return batch["measured"] * batch["target_measured"]
