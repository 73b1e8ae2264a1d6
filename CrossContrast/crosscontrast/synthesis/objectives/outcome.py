"""A head that must tell a label from the translated region, so that the translation keeps what tells it."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class OutcomeHead(nn.Module):
    """Two convolutions and the mean over the mask; (B, 1, ...) and mask -> logit (B)."""

    def __init__(self, dims: int, width: int) -> None:
        from monai.networks.blocks import Convolution

        super().__init__()
        self.features = nn.Sequential(
            Convolution(dims, 1, width, act="LEAKYRELU", norm=None),
            Convolution(dims, width, 2 * width, act="LEAKYRELU", norm=None),
        )
        self.answer = nn.Linear(2 * width, 1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Return the logit of label 1."""
        seen = self.features(image) * mask
        pooled = seen.flatten(2).sum(2) / mask.flatten(2).sum(2).clamp(min=1)
        return self.answer(pooled)[:, 0]

    def loss(self, image: Tensor, mask: Tensor, label: Tensor) -> Tensor:
        """Return the cross-entropy over the samples that have a label (not NaN)."""
        logit, known = self(image, mask), torch.isfinite(label)
        if not known.any():
            return logit.sum() * 0
        return functional.binary_cross_entropy_with_logits(logit[known], label[known].to(logit.dtype))
