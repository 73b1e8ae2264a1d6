"""The judge of the adversarial translators."""

from torch import Tensor, nn


class Discriminator(nn.Module):
    """A PatchGAN (Isola et al., CVPR 2017) on MONAI's blocks: one answer per patch, without activation."""

    def __init__(self, dims: int, in_channels: int, width: int, layers: int = 2) -> None:
        from monai.networks.nets import PatchDiscriminator

        super().__init__()
        self.layers = PatchDiscriminator(
            spatial_dims=dims, channels=width, in_channels=in_channels, num_layers_d=layers, norm="INSTANCE"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Judge images (B, C, ...)."""
        return self.features(x)[-1]

    def features(self, x: Tensor) -> list[Tensor]:
        """Return what every layer sees; the last is the answer."""
        found: list[Tensor] = self.layers(x)
        return found
