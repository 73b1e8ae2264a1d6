"""The generator of CycleGAN: down, a chain of residual blocks, and up again."""

from itertools import pairwise

from torch import Tensor, nn


class ResidualTranslator(nn.Module):
    """Residual generator after Johnson et al. (ECCV 2016), as CycleGAN uses it (Zhu et al., ICCV 2017), in 2D or 3D.

    ``channels`` are the widths from full resolution down; ``blocks`` residual units follow at the coarsest. Upsampling
    interpolates before convolving, which leaves no checkerboard. (B, ``in_channels``, ...) -> (B, ``out_channels``,
    ...), each side divisible by ``2 ** (len(channels) - 1)``.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        channels: tuple[int, ...] = (16, 32, 64),
        blocks: int = 4,
        dropout: float = 0.0,
    ) -> None:
        from monai.networks.blocks import Convolution, ResidualUnit

        super().__init__()

        def convolution(inputs: int, outputs: int, stride: int = 1, size: int = 3) -> nn.Module:
            return Convolution(spatial_dims, inputs, outputs, strides=stride, kernel_size=size, act="RELU")

        # In 3D a kernel of 5 at full resolution would take most of the time.
        edge = 5 if spatial_dims == 2 else 3
        layers = [convolution(in_channels, channels[0], size=edge)]
        layers += [convolution(inputs, outputs, stride=2) for inputs, outputs in pairwise(channels)]
        layers += [
            ResidualUnit(spatial_dims, channels[-1], channels[-1], act="RELU", dropout=dropout or None)
            for _ in range(blocks)
        ]
        mode = "bilinear" if spatial_dims == 2 else "trilinear"
        for inputs, outputs in pairwise(channels[::-1]):
            layers += [nn.Upsample(scale_factor=2, mode=mode, align_corners=False), convolution(inputs, outputs)]
        layers.append(Convolution(spatial_dims, channels[0], out_channels, kernel_size=edge, conv_only=True))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Run the network on a batch of windows."""
        return self.layers(x)
