"""The published contrast-agnostic spinal cord models, v2.0 to v2.5 (Bédard et al. 2025, 10.1016/j.media.2025.103473).

Their checkpoints come from PyTorch Lightning: the network's weights under ``state_dict`` with the prefix ``net.``, most
of them two to four times, because nnU-Net's U-Net holds its layers under several names.
"""

import argparse
import pathlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import BundleMetadata, write_bundle
from crosscontrast.models.spec import ModelSpec, NetworkSpec, Preprocessing, Windowing
from crosscontrast.models.weights import NUMPY_SCALARS, as_state_dict, read_checkpoint

PREFIX = "net."

#: Shape (width, 256, 3, 3, 3): 320 in v2.0 to v2.4, 384 from v2.5 on.
WIDTH_KEY = "encoder.stages.4.0.convs.0.conv.weight"
WIDTHS = (320, 384)

#: What their training script leaves under ``hyper_parameters``: its arguments and the optimiser's class.
HARMLESS = [
    argparse.Namespace,
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.SGD,
    (pathlib.PurePosixPath, "pathlib.PosixPath"),
    *NUMPY_SCALARS,
]

CARD = """# {origin}

The contrast-agnostic soft segmentation of the spinal cord by Bédard, Karthik et al. (Medical Image Analysis 101,
2025, doi 10.1016/j.media.2025.103473), converted from the checkpoint `{origin}`, taken to be one that its authors
published at https://github.com/sct-pipeline/contrast-agnostic-softseg-spinalcord. The weights are unchanged; the
authors' licence applies.

Input: one image, 1 mm isotropic, z-scored over the whole image. Output: the rectified network output divided by its
maximum in the volume, so it is soft but not a calibrated probability.

Differences from the authors' script: windows slide over the whole image (theirs run in a central crop of 64 x 192 mm,
over which they also z-score), and resampling and post-processing are those of this software.
"""


def recognises(source: Path) -> bool:
    """Tell whether ``source`` has the name of a Lightning checkpoint."""
    return source.is_file() and source.suffix == ".ckpt"


def why_trust(_: Path) -> str:
    """Nothing in such a checkpoint is executed: what is not a tensor or a plain value is refused."""
    return ""


def bring_in(source: Path, destination: Path, origin: str) -> None:
    """Convert the checkpoint into a bundle of our own."""
    content = read_checkpoint(source, HARMLESS)
    if not isinstance(content, Mapping) or "state_dict" not in content:
        raise ModelError(f"{source} is not a Lightning checkpoint: it has no state_dict.")
    state = unique_weights(as_state_dict(content["state_dict"], source), source)
    metadata = BundleMetadata(
        name=source.stem,
        version="published",
        task="Contrast-agnostic soft segmentation of the spinal cord",
        description=f"Converted from {origin}, published by its authors",
        authors="Sandrine Bédard, Enamundram Naga Karthik, Charidimos Tsagkas, Emanuele Pravatà, Cristina Granziera, "
        "Andrew Smith, Kenneth Arnold Weber II, Julien Cohen-Adad",
        copyright="the authors",
        licence="see the authors' repository",
        changelog={"published": "converted, weights unchanged"},
    )
    card = CARD.format(origin=origin)
    write_bundle(destination, published_spec(_width(state, source)), state, metadata, card, source=origin)


def published_spec(width: int) -> ModelSpec:
    """What the authors' inference script does, for the network with ``width`` features in its two deepest stages.

    Orientation and axes: they reorient with MONAI to "RPI", in whose letters indices grow to the right, back and feet,
    and keep MONAI's axis order; the window is 64 x 192 x 320 mm (right-left, front-back, head-foot).
    """
    features = [32, 64, 128, 256, width, width]
    strides = [[1, 1, 1], *[[2, 2, 2]] * 4, [1, 2, 2]]
    arguments = {"in_channels": 1, "out_channels": 1, "features": features, "strides": strides}
    return ModelSpec(
        task="segmentation",
        network=NetworkSpec(name="PlainConvUNet", arguments=arguments),
        outputs=("cord",),
        preprocessing=Preprocessing(orientation="RPI", axes="ijk", normalisation="zscore"),
        windowing=Windowing(size=(64, 192, 320), overlap=0.5, batch=1, divisible_by=32),
        activation="relu_max",
    )


def unique_weights(state: Mapping[str, Tensor], source: Path) -> dict[str, Tensor]:
    """Remove the prefix and keep one name of every tensor; raises :class:`ModelError` when two copies differ."""
    kept: dict[str, Tensor] = {}
    for name, tensor in state.items():
        own = _canonical(name.removeprefix(PREFIX))
        if own in kept and not torch.equal(kept[own], tensor):
            raise ModelError(f"{source} is damaged or of another layout: {name} differs from its copy {own}.")
        kept[own] = tensor
    return kept


def _canonical(name: str) -> str:
    """Map a name to the first of those that the network holds the same tensor under.

    The decoder refers to the encoder, and each block lists its convolution (0) and normalisation (1) a second time.
    """
    name = name.removeprefix("decoder.") if name.startswith("decoder.encoder.") else name
    return name.replace(".all_modules.0.", ".conv.").replace(".all_modules.1.", ".norm.")


def _width(state: Mapping[str, Tensor], source: Path) -> int:
    if WIDTH_KEY not in state or len(state[WIDTH_KEY].shape) != 5 or state[WIDTH_KEY].shape[0] not in WIDTHS:
        raise ModelError(
            f"{source} is no contrast-agnostic model of version 2: {WIDTH_KEY} is missing or of another shape."
        )
    return state[WIDTH_KEY].shape[0]
