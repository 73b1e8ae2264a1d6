"""Networks by name. A bundle can only name what stands here, so reading one never runs code that it brings."""

from importlib import import_module
from typing import Any

from torch import nn

from crosscontrast.errors import MissingPackageError, ModelError

#: name -> "module:class". Imported when asked for, because MONAI and nnU-Net's networks take seconds to import.
NETWORKS = {
    "CompactUNet": "crosscontrast.models.networks.compact_unet:CompactUNet",
    "PlainConvUNet": "crosscontrast.models.networks.plain_conv_unet:plain_conv_unet",
    "Translator": "crosscontrast.models.networks.translator:Translator",
    "TissueTranslator": "crosscontrast.models.networks.tissue_translator:TissueTranslator",
    "ResidualTranslator": "crosscontrast.models.networks.residual_translator:ResidualTranslator",
    "DiffusionBridge": "crosscontrast.models.networks.diffusion_bridge:DiffusionBridge",
    "SkipNet": "crosscontrast.models.networks.skip_net:SkipNet",
    "MonaiAutoEncoder": "monai.networks.nets:AutoEncoder",
    "MonaiUNet": "monai.networks.nets:UNet",
    "MonaiDynUNet": "monai.networks.nets:DynUNet",
    "MonaiBasicUNet": "monai.networks.nets:BasicUNet",
    "MonaiSegResNet": "monai.networks.nets:SegResNet",
    "MonaiAttentionUnet": "monai.networks.nets:AttentionUnet",
}


def network_names() -> list[str]:
    """Return the names that :func:`build_network` knows, sorted."""
    return sorted(NETWORKS)


def build_network(name: str, **arguments: Any) -> nn.Module:
    """Build the network ``name`` with freshly initialised weights.

    Raises :class:`ModelError` for an unknown name or arguments that the network does not take, and
    :class:`MissingPackageError` where the network lives in an optional package.
    """
    try:
        module, _, attribute = NETWORKS[name].partition(":")
    except KeyError:
        known = ", ".join(network_names())
        raise ModelError(f"There is no network called {name!r}.", f"known networks: {known}") from None
    try:
        build = getattr(import_module(module), attribute)
    except ImportError as error:
        raise MissingPackageError(
            f"The network {name} needs the package {error.name}.", f"pip install {error.name}"
        ) from error
    try:
        return build(**arguments)
    except (AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(f"The network {name} cannot be built: {error}.") from error
