"""Regression with a residual encoder that must also keep the anatomy, as a segmentation network sees it."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from crosscontrast.models.spec import NetworkSpec
from crosscontrast.synthesis.objectives.base import Batch, Design, Objective, evenly, masked_l1, shown


class Perception(Objective):
    """Masked L1 and a masked distance of anatomical features, the idea of nnsyn (winner of SynthRAD2025 MR to CT).

    nnsyn takes its features from a network that segments the body; here a small one learns, beside the generator, to
    segment the mask in real targets, so that it needs no weights from elsewhere. The generator is MONAI's SegResNet: a
    residual encoder with a plain decoder.
    """

    players = ("generator", "anatomist")

    def __init__(self, design: Design) -> None:
        super().__init__(design, _residual_encoder(design))
        self.anatomist = Anatomist(design.dims, design.width)

    def networks(self, player: str) -> list[nn.Module]:
        """Return the networks that a player trains."""
        return [self.generator] if player == "generator" else [self.anatomist]

    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a turn."""
        mask, measured = batch["mask"], batch["measured"]
        target = batch["target"]
        if player == "anatomist":
            weight = evenly(measured)
            return {"anatomy": functional.binary_cross_entropy_with_logits(self.anatomist(target), mask, weight)}
        answer = self.answer = self.generator.mapped(batch["source"])
        with torch.no_grad():
            expected = self.anatomist.features(target)
        seen = self.anatomist.features(shown(answer, measured))
        apart = [_masked_distance(a, b, mask) for a, b in zip(seen, expected, strict=True)]
        return {
            "l1": self.weight("l1", 10.0) * masked_l1(answer, batch),
            "anatomy": self.weight("anatomy", 1.0) * torch.stack(apart).mean(),
        }


class Anatomist(nn.Module):
    """A small encoder whose features at two sizes are compared, with a head that segments."""

    def __init__(self, dims: int, width: int) -> None:
        from monai.networks.blocks import Convolution

        super().__init__()
        widths = (1, width, 2 * width)
        self.levels = nn.ModuleList(
            [
                Convolution(dims, inputs, outputs, strides=1 + number, act="LEAKYRELU")
                for number, (inputs, outputs) in enumerate(pairwise(widths))
            ]
        )
        self.head = Convolution(dims, 3 * width, 1, kernel_size=1, conv_only=True)

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the features at full and at half size."""
        found = []
        for level in self.levels:
            x = level(x)
            found.append(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Return the logit of the mask (B, 1, ...)."""
        fine, coarse = self.features(x)
        return self.head(torch.cat([fine, functional.interpolate(coarse, size=fine.shape[2:])], 1))


def _masked_distance(seen: Tensor, expected: Tensor, mask: Tensor) -> Tensor:
    inside = functional.interpolate(mask, size=seen.shape[2:])
    total = inside.sum().clamp(min=1) * seen.shape[1]
    return ((seen - expected).abs() * inside).sum() / total


def _residual_encoder(design: Design) -> NetworkSpec:
    arguments = {
        "spatial_dims": design.dims,
        "init_filters": design.width,
        "in_channels": design.channels,
        "out_channels": 1,
        "dropout_prob": design.dropout or None,
        "num_groups": 4,
        "norm": ["GROUP", {"num_groups": 4}],
    }
    return design.spec("MonaiSegResNet", arguments, "none" if design.residual else "tanh")
