"""What every translator has: a generator, perhaps a way back, and players that are trained in turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from crosscontrast.models.networks.translator import Range, Translator
from crosscontrast.models.spec import NetworkSpec
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE
from crosscontrast.synthesis.objectives.outcome import OutcomeHead
from crosscontrast.synthesis.objectives.radiomics import radiomics_loss
from crosscontrast.training.learner import Learner

#: What a step learns from: ``source``, ``target``, ``mask``, ``measured`` (B, C, ...), and ``label`` (B); see the
#: training's data. Voxels where ``measured`` (``target_measured`` of the target, without pairs) is 0 never count.
Batch = Mapping[str, Tensor]
#: How much voxels outside the mask count: they should look right, but nobody measures there.
OUTSIDE = 0.2
#: Without pairs the linear map is one of means over this many voxels, so that noise of the source need not be kept.
WINDOW = 3


@dataclass(frozen=True)
class Design:
    """All that decides what a translator is built of.

    ``source_range`` and ``target_range`` are the intensities mapped to [-1, 1], as networks see them; ``source_unit``
    and ``target_unit`` (scale, offset) turn those into the unit of the files. ``channels`` counts the source's
    channels, ``width`` those of the first layer. ``norm`` normalises the layers of U-Nets and of the autoencoder.
    ``residual`` (slope, offset) is the linear map, in mapped intensities, that the way there starts from, the way back
    from its inverse.
    ``radiomics`` and ``outcome`` weigh the losses that keep radiomic statistics and a label; 0 leaves them out.
    """

    network: str
    dims: int
    channels: int = 1
    width: int = 16
    dropout: float = 0.1
    norm: bool = True
    source_range: Range = (-1.0, 1.0)
    target_range: Range = (-1.0, 1.0)
    source_unit: tuple[float, float] = (1.0, 0.0)
    target_unit: tuple[float, float] = (1.0, 0.0)
    residual: tuple[float, float] | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    radiomics: float = 0.0
    outcome: float = 0.0

    def spec(self, network: str, arguments: Mapping[str, Any], activation: str, *, back: bool = False) -> NetworkSpec:
        """Return the translator around a network of the registry, from source to target or (``back``) the other way."""
        given, wanted = (self.target_range, self.source_range) if back else (self.source_range, self.target_range)
        scale, offset = self.source_unit if back else self.target_unit
        return NetworkSpec(
            name="Translator",
            arguments={
                "network": network,
                "arguments": dict(arguments),
                "source_range": list(given),
                "target_range": [scale * end + offset for end in wanted],
                "activation": activation,
                "residual": self.start(back=back),
                "residual_window": WINDOW if self.anchored else 1,
            },
        )

    @property
    def anchored(self) -> bool:
        """Whether answers must stay near the linear map that they begin at: without pairs nothing else holds them.

        The idea is SimGAN's self-regularisation (Shrivastava et al., CVPR 2017).
        """
        return self.residual is not None and not CATALOGUE[self.network].paired

    def start(self, *, back: bool = False) -> list[float] | None:
        """Return the linear map (slope, offset) that the way there, or back, begins at, in mapped intensities."""
        if self.residual is None:
            return None
        slope, offset = self.residual
        return [1 / slope, -offset / slope] if back else [slope, offset]

    def unet(self, *, back: bool = False, levels: int = 3) -> NetworkSpec:
        """Return a U-Net with ``levels`` halvings, the usual generator of paired translators."""
        arguments = {
            "spatial_dims": self.dims,
            "in_channels": 1 if back else self.channels,
            "out_channels": 1,
            "channels": [self.width * 2**level for level in range(levels + 1)],
            "dropout": self.dropout,
            "norm": self.norm,
        }
        # MONAI's UNet ends in a transposed convolution: after some hundred steps its answers were chequered.
        return self.spec("SkipNet", arguments, "none" if self.residual else "tanh", back=back)

    def resnet(self, *, back: bool = False) -> NetworkSpec:
        """Return the residual generator of CycleGAN."""
        arguments = {
            "spatial_dims": self.dims,
            "in_channels": 1 if back else self.channels,
            "out_channels": 1,
            "channels": [self.width, 2 * self.width, 4 * self.width],
            "dropout": self.dropout,
        }
        activation = "none" if self.residual else "tanh"
        return self.spec("ResidualTranslator", arguments, activation, back=back)


class Objective(Learner):
    """The networks of a translator and their losses, all in intensities mapped to [-1, 1].

    The players take their turn in every step, in order. ``there`` and ``back_again`` describe the networks that are
    exported; ``back`` is ``None`` for a translator without a way back.
    """

    players: Sequence[str] = ("generator",)
    #: The weight that keeps a translator without pairs near the linear map that it begins at.
    anchor = 10.0
    back: Translator | None

    def __init__(self, design: Design, there: NetworkSpec, back_again: NetworkSpec | None = None) -> None:
        super().__init__()
        self.design, self.there, self.back_again = design, there, back_again
        self.generator = Translator(**there.arguments)
        self.answer: Tensor | None = None
        self.answer_back: Tensor | None = None
        self.head = OutcomeHead(design.dims, design.width) if design.outcome else None
        self.back = None if back_again is None else Translator(**back_again.arguments)

    def parts(self, player: str) -> list[nn.Module]:
        """Return everything that a player trains; the generator takes the outcome's head along."""
        more = [self.head] if self.head is not None and player == "generator" else []
        return [*self.networks(player), *more]

    def networks(self, player: str) -> list[nn.Module]:
        """Return the networks that a player trains."""
        return [self.generator] if self.back is None else [self.generator, self.back]

    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted losses of a player's turn by name; their sum is minimised."""
        raise NotImplementedError

    def forward(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Take a turn: only the player's own networks get gradients, and what was not measured is one value."""
        batch = {**batch, "target": shown(batch["target"], batch["target_measured"])}
        for other in self.players:
            for part in self.parts(other):
                part.requires_grad_(other == player)
        losses = self.losses(player, batch)
        return losses | self._extra(batch) if player == "generator" else losses

    def _extra(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the settings add to any generator's losses, from the answer that it has just given."""
        losses, answer, back, design = {}, self.answer, self.answer_back, self.design
        self.answer = self.answer_back = None
        if answer is not None and design.anchored:
            weight = weigh(batch["mask"], batch["measured"])
            apart = weighted_l1(answer, self.generator.start(batch["source"]), weight)
            if back is not None and self.back is not None:
                weight = weigh(batch["target_mask"], batch["target_measured"])
                apart = apart + weighted_l1(back, self.back.start(batch["target"]), weight)
            losses["anchor"] = self.weight("anchor", self.anchor) * apart
        if answer is not None and design.radiomics:
            losses["radiomics"] = design.radiomics * radiomics_loss(answer, batch["target"], batch["mask"])
        if answer is not None and self.head is not None:
            losses["outcome"] = design.outcome * self.head.loss(answer, batch["mask"], batch["label"])
        return losses

    def weight(self, term: str, default: float) -> float:
        """Return the weight of a loss: the one that the settings give, or the method's own."""
        return self.design.terms.get(term, default)

    def identity_weight(self, default: float) -> float:
        """Return the weight of leaving images of the target's side alone; 0 where the start is a map that does not."""
        return self.weight("identity", 0.0 if self.design.anchored else default)


def weigh(mask: Tensor, measured: Tensor) -> Tensor:
    """Return the weight of each voxel from the mask (B, 1, ...), with mean 1; 0 where nothing was measured."""
    return evenly((OUTSIDE + (1 - OUTSIDE) * mask) * measured)


def evenly(weight: Tensor) -> Tensor:
    """Return weights (B, 1, ...) with mean 1; all 0 where all are."""
    return weight / weight.mean().clamp(min=1e-6)


def weighted_l1(one: Tensor, other: Tensor, weight: Tensor) -> Tensor:
    """Return the mean absolute difference with weights of mean 1."""
    return ((one - other).abs() * weight).mean()


def masked_l1(one: Tensor, batch: Batch) -> Tensor:
    """Return the mean absolute difference from the target of a batch of pairs, weighted by :func:`weigh`."""
    return weighted_l1(one, batch["target"], weigh(batch["mask"], batch["measured"]))


def masked_mse(one: Tensor, batch: Batch) -> Tensor:
    """Return the mean squared difference from the target of a batch of pairs, weighted by :func:`weigh`."""
    return ((one - batch["target"]) ** 2 * weigh(batch["mask"], batch["measured"])).mean()


def shown(image: Tensor, measured: Tensor) -> Tensor:
    """Return the image with the lowest value where nothing was measured.

    A judge gets both what is real and what is made like this: it then cannot tell them apart by where a field of view
    ends, and nobody learns to make such ends.
    """
    return torch.where(measured > 0, image, -1.0)


def ssim_loss(one: Tensor, other: Tensor, measured: Tensor, window: int = 7) -> Tensor:
    """Return 1 - SSIM of mapped intensities (range 2) over the windows that were measured as a whole.

    Windows are cubes with uniform weights, whose means are quick to take.
    """
    pool = functional.avg_pool2d if one.ndim == 4 else functional.avg_pool3d
    means = pool(one, window, 1), pool(other, window, 1)
    squares = [pool(a * b, window, 1) for a, b in ((one, one), (other, other), (one, other))]
    variances = squares[0] - means[0] ** 2, squares[1] - means[1] ** 2
    covariance = squares[2] - means[0] * means[1]
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    likeness = (2 * means[0] * means[1] + c1) * (2 * covariance + c2)
    likeness = likeness / ((means[0] ** 2 + means[1] ** 2 + c1) * (variances[0] + variances[1] + c2))
    whole = (pool(measured, window, 1) > 1 - 0.5 / window ** (one.ndim - 2)).to(one.dtype)
    return ((1 - likeness) * evenly(whole)).mean()


def least_squares(answers: Tensor, real: bool) -> Tensor:
    """Return the least-squares adversarial loss of a discriminator's answers (Mao et al., ICCV 2017)."""
    return ((answers - float(real)) ** 2).mean()


def cross_entropy(answers: Tensor, real: bool) -> Tensor:
    """Return the original adversarial loss of a discriminator's answers (logits)."""
    return functional.binary_cross_entropy_with_logits(answers, torch.full_like(answers, float(real)))


def build_objective(design: Design) -> Objective:
    """Build the translator that ``design`` names, with freshly initialised weights."""
    module, _, name = CATALOGUE[design.network].place.partition(":")
    objective: Objective = getattr(import_module(f"crosscontrast.synthesis.objectives.{module}"), name)(design)
    return objective
