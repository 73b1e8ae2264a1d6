"""U-Net, full-resolution residual network, and everything between: each skip connection can be switched."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

Switch = bool | Sequence[bool]


class SkipNet(nn.Module):
    """An encoder and a decoder with horizontal and vertical skip connections (Sugino et al. 2021).

    Horizontal skips are U-Net's: the encoder's features join the decoder at the same size. Vertical skips are those of
    the full-resolution residual network (Pohlen et al., CVPR 2017): a stream z at full resolution accompanies the
    network, and every unit reads it pooled and adds to it what it found, y' = conv([y, pool(z)]), z' = z +
    unpool(conv1x1(y')). ``horizontal`` and ``vertical`` switch all of them or, as a list from fine to coarse, each
    (``len(channels) - 1`` horizontal ones, ``len(channels)`` vertical ones, the last at the bottom).

    ``channels`` are the widths from full resolution down. (B, ``in_channels``, ...) -> (B, ``out_channels``, ...), the
    sides divisible by ``2 ** (len(channels) - 1)``, before any activation. Without ``norm`` no layer is normalised over
    the window, so that a window's level and contrast are not lost.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int] = (16, 32, 64, 128),
        horizontal: Switch = True,
        vertical: Switch = False,
        dropout: float = 0.0,
        norm: bool = True,
    ) -> None:
        super().__init__()
        levels, width = len(channels), channels[0]
        self.horizontal = _switches(horizontal, levels - 1, "horizontal")
        self.vertical = _switches(vertical, levels, "vertical")
        self.stem = _block(spatial_dims, in_channels, width, norm=norm)
        self.down, self.up, self.to_stream_down, self.to_stream_up = (nn.ModuleList() for _ in range(4))
        point = {2: nn.Conv2d, 3: nn.Conv3d}[spatial_dims]
        for level in range(levels):
            inputs = channels[max(level - 1, 0)] + width * self.vertical[level]
            self.down.append(_block(spatial_dims, inputs, channels[level], dropout, norm))
            self.to_stream_down.append(point(channels[level], width, 1) if self.vertical[level] else nn.Identity())
        for level in range(levels - 2, -1, -1):
            inputs = channels[level + 1] + channels[level] * self.horizontal[level] + width * self.vertical[level]
            self.up.append(_block(spatial_dims, inputs, channels[level], dropout, norm))
            self.to_stream_up.append(point(channels[level], width, 1) if self.vertical[level] else nn.Identity())
        self.head = point(channels[0] + width * any(self.vertical), out_channels, 1)
        self._pool = {2: functional.avg_pool2d, 3: functional.avg_pool3d}[spatial_dims]
        self._mode = {2: "bilinear", 3: "trilinear"}[spatial_dims]

    def forward(self, x: Tensor) -> Tensor:
        """Run the network on a batch of windows."""
        y = z = self.stem(x)
        skips = []
        for level, block in enumerate(self.down):
            y = self._pool(y, 2) if level else y
            y, z = self._unit(block, self.to_stream_down[level], [y], z, level)
            skips.append(y)
        for number, block in enumerate(self.up):
            level = len(self.down) - 2 - number
            y = functional.interpolate(y, size=skips[level].shape[2:], mode=self._mode, align_corners=False)
            inputs = [y, skips[level]] if self.horizontal[level] else [y]
            y, z = self._unit(block, self.to_stream_up[number], inputs, z, level)
        return self.head(torch.cat([y, z], 1) if any(self.vertical) else y)

    def _unit(
        self, block: nn.Module, to_stream: nn.Module, inputs: list[Tensor], z: Tensor, level: int
    ) -> tuple[Tensor, Tensor]:
        """Run a block; with its vertical skip it reads the stream and adds to it."""
        if not self.vertical[level]:
            return block(torch.cat(inputs, 1)), z
        y = block(torch.cat([*inputs, self._pool(z, 2**level) if level else z], 1))
        found = to_stream(y)
        if level:
            found = functional.interpolate(found, size=z.shape[2:], mode=self._mode, align_corners=False)
        return y, z + found


def _switches(given: Switch, count: int, name: str) -> list[bool]:
    if isinstance(given, bool):
        return [given] * count
    if len(given) != count:
        raise ValueError(f"{name} needs {count} switches, got {len(given)}")
    return [bool(switch) for switch in given]


def _block(dims: int, inputs: int, outputs: int, dropout: float = 0.0, norm: bool = True) -> nn.Sequential:
    convolution, normalise, drop = {
        2: (nn.Conv2d, nn.InstanceNorm2d, nn.Dropout2d),
        3: (nn.Conv3d, nn.InstanceNorm3d, nn.Dropout3d),
    }[dims]
    layers: list[nn.Module] = [
        convolution(inputs, outputs, 3, padding=1, bias=not norm),
        *([normalise(outputs, affine=True)] if norm else []),
        nn.LeakyReLU(0.01, inplace=True),
    ]
    return nn.Sequential(*layers, *([drop(dropout)] if dropout else []))
