"""Models with random weights, for what can be tested without good ones."""

import zlib
from pathlib import Path
from typing import Any

import torch

from crosscontrast.models.bundle import BundleMetadata, write_bundle
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import ModelSpec, NetworkSpec, Windowing

_WORDS = ("name", "version", "task", "description", "authors", "copyright", "licence")


def write_random_translator(
    folder: Path, outputs: tuple[str, ...] = ("ct", "pet"), *, unsure: bool = False, **words: Any
) -> None:
    """Write a small bundle with the given outputs as the new folder ``folder``; an ``unsure`` one has dropout.

    ``words`` are further metadata, such as ``expects``.
    """
    _write(folder, "translation", outputs, "none", unsure=unsure, more=words)


def write_random_segmentation(folder: Path, classes: tuple[str, ...]) -> None:
    """Write a small bundle that segments these classes, which lie beside a background."""
    _write(folder, "segmentation", ("background", *classes), "softmax")


def _write(
    folder: Path,
    task: Any,
    outputs: tuple[str, ...],
    activation: Any,
    *,
    unsure: bool = False,
    more: dict[str, Any] | None = None,
) -> None:
    network = "ResidualTranslator" if unsure else "CompactUNet"
    arguments = {"in_channels": 1, "out_channels": len(outputs), "channels": [4, 8]}
    if unsure:
        arguments |= {"spatial_dims": 3, "blocks": 1, "dropout": 0.3}
    spec = ModelSpec(
        task=task,
        network=NetworkSpec(name=network, arguments=arguments),
        outputs=outputs,
        windowing=Windowing(size=(16, 16, 16)),
        activation=activation,
    )
    words: dict[str, Any] = dict.fromkeys(_WORDS, "test") | (more or {})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(zlib.crc32(folder.name.encode()))  # the same weights every time, others for other models
        weights = build_network(network, **arguments).state_dict()
    write_bundle(folder, spec, weights, BundleMetadata(**words, changelog={}), "A model for tests.")
