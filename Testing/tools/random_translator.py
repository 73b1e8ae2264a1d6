"""Models with random weights, for what can be tested without good ones."""

from pathlib import Path
from typing import Any

from CrossContrastLib.models.bundle import BundleMetadata, write_bundle
from CrossContrastLib.models.networks import build_network
from CrossContrastLib.models.spec import ModelSpec, NetworkSpec, Windowing


def write_random_translator(folder: Path, outputs: tuple[str, ...] = ("ct", "pet")) -> None:
    """Write a small bundle with the given outputs as the new folder ``folder``."""
    _write(folder, "translation", outputs, "none")


def write_random_segmentation(folder: Path, classes: tuple[str, ...]) -> None:
    """Write a small bundle that segments these classes, which lie beside a background."""
    _write(folder, "segmentation", ("background", *classes), "softmax")


def _write(folder: Path, task: Any, outputs: tuple[str, ...], activation: Any) -> None:
    arguments = {"in_channels": 1, "out_channels": len(outputs), "channels": [4, 8]}
    spec = ModelSpec(
        task=task,
        network=NetworkSpec(name="CompactUNet", arguments=arguments),
        outputs=outputs,
        windowing=Windowing(size=(16, 16, 16)),
        activation=activation,
    )
    words = dict.fromkeys(("name", "version", "task", "description", "authors", "copyright", "licence"), "test")
    weights = build_network("CompactUNet", **arguments).state_dict()
    write_bundle(folder, spec, weights, BundleMetadata(**words, changelog={}), "A model for tests.")
