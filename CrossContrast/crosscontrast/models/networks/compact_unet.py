"""A small 3D U-Net that stays fast on a CPU."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, 3, padding=1, bias=False),
        nn.InstanceNorm3d(outputs, affine=True),
        nn.LeakyReLU(0.01, inplace=True),
    )


def _depth_to_space(x: Tensor) -> Tensor:
    """(B, 8C, D, H, W) -> (B, C, 2D, 2H, 2W): the 3D form of ``pixel_shuffle``, which PyTorch has for images only."""
    batch, channels, depth, height, width = x.shape
    x = x.view(batch, channels // 8, 2, 2, 2, depth, height, width)
    return x.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(batch, channels // 8, 2 * depth, 2 * height, 2 * width)


class _Border(nn.Module):
    """What the trunk at half resolution cannot say about each voxel: begins as nothing and learns to correct it."""

    def __init__(self, images: int, features: int, fine: int, outputs: int) -> None:
        super().__init__()
        self.from_trunk = nn.Conv3d(features, 8 * fine, 1)
        self.from_image = nn.Conv3d(images, fine, 3, padding=1)
        self.mix = _convolution(2 * fine, fine)
        self.head = nn.Conv3d(fine, outputs, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor, trunk: Tensor) -> Tensor:
        """Return the correction (B, outputs, D, H, W) from image (B, images, D, H, W) and trunk at half its size."""
        return self.head(self.mix(torch.cat([_depth_to_space(self.from_trunk(trunk)), self.from_image(image)], 1)))


class CompactUNet(nn.Module):
    """U-Net with a stride-2 stem and a depth-to-space head, so that no convolution runs at full resolution.

    On a 64-voxel cube and two CPU cores a training step takes 0.34 s, against 1.2 s for the same trunk at full
    resolution. Input (B, ``in_channels``, D, H, W), output (B, ``out_channels``, D, H, W), each side divisible by
    ``2 ** len(channels)``; the output is before any activation.

    ``fine`` channels at full resolution, from the trunk and from the image itself, sharpen the borders, for half as
    much time again; 0 leaves them out. ``deep`` of the decoder's levels below the last get heads of their own: in
    training mode the network then returns a list of outputs from fine to coarse, for deep supervision. ``dropout``
    forgets whole channels of the deepest level and of the decoder's levels but the last.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: tuple[int, ...] = (24, 48, 96, 128),
        fine: int = 0,
        deep: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.stem = nn.Conv3d(in_channels, channels[0], kernel_size=4, stride=2, padding=1)
        self.encoder = nn.ModuleList([_convolution(channels[0], channels[0])])
        for inputs, outputs in pairwise(channels):
            self.encoder.append(nn.Sequential(_convolution(inputs, outputs), _convolution(outputs, outputs)))
        self.reduce = nn.ModuleList()
        self.decoder = nn.ModuleList()
        for lower, upper in zip(channels[:0:-1], channels[-2::-1], strict=True):
            self.reduce.append(nn.Conv3d(lower, upper, 1))
            self.decoder.append(_convolution(2 * upper, upper))
        self.deep = nn.ModuleList(nn.Conv3d(width, out_channels, 1) for width in channels[1:-1][:deep])
        self.forget = nn.Dropout3d(dropout)
        self.head = nn.Conv3d(channels[0], 8 * out_channels, 1)
        self.border = _Border(in_channels, channels[0], fine, out_channels) if fine else None

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        """Run the network on a batch of windows."""
        image, x = x, self.stem(x)
        skips = []
        for level, block in enumerate(self.encoder):
            x = block(functional.max_pool3d(x, 2) if level else x)
            skips.append(x)
        skips.pop()
        levels = []
        for reduce, block in zip(self.reduce, self.decoder, strict=True):
            skip = skips.pop()
            x = functional.interpolate(reduce(self.forget(x)), size=skip.shape[2:], mode="nearest")
            x = block(torch.cat([skip, x], dim=1))
            levels.append(x)
        output = _depth_to_space(self.head(x))
        if self.border is not None:
            output = output + self.border(image, x)
        if not (self.training and self.deep):
            return output
        return [output, *(head(level) for head, level in zip(self.deep, levels[-2::-1], strict=False))]
