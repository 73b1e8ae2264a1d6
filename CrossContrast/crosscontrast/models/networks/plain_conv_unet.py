"""nnU-Net's plain convolutional U-Net, described by numbers alone."""

from collections.abc import Sequence

from dynamic_network_architectures.architectures.unet import PlainConvUNet
from torch import nn


def plain_conv_unet(
    in_channels: int,
    out_channels: int,
    features: Sequence[int],
    strides: Sequence[Sequence[int]],
    kernel_size: int = 3,
    convolutions: int = 2,
) -> nn.Module:
    """Build ``PlainConvUNet`` of the package ``dynamic_network_architectures`` as nnU-Net trains it.

    ``features`` and ``strides`` (one number per axis, so they say whether it is 2D or 3D) have one entry per stage;
    every stage has ``convolutions`` convolutions with instance normalisation and leaky ReLU, on the way down and up.
    Heads for deep supervision are there, so that trained weights fit, but only the output at full resolution is
    returned: (B, ``in_channels``, ...) -> (B, ``out_channels``, ...), before any activation.
    """
    stages = len(features)
    axes = len(strides[0])
    convolution, normalisation = {2: (nn.Conv2d, nn.InstanceNorm2d), 3: (nn.Conv3d, nn.InstanceNorm3d)}[axes]
    return PlainConvUNet(
        input_channels=in_channels,
        num_classes=out_channels,
        n_stages=stages,
        features_per_stage=list(features),
        conv_op=convolution,
        kernel_sizes=[[kernel_size] * axes] * stages,
        strides=[list(stride) for stride in strides],
        n_conv_per_stage=[convolutions] * stages,
        n_conv_per_stage_decoder=[convolutions] * (stages - 1),
        conv_bias=True,
        norm_op=normalisation,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=False,
    )
