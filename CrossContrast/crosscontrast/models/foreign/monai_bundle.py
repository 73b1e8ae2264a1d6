"""MONAI bundles whose network is not of our registry. Their configuration is code, so they need the user's trust."""

import shutil
from pathlib import Path
from typing import Any

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import METADATA, WEIGHTS, read_json
from crosscontrast.models.manifest import MANIFEST, seal

CONFIGS = ("configs/inference.json", "configs/inference.yaml", "configs/inference.yml")


def recognises(source: Path) -> bool:
    """Tell whether ``source`` is a folder with a bundle's metadata or inference configuration."""
    return any((source / name).is_file() for name in (METADATA, *CONFIGS))


def why_trust(_: Path) -> str:
    """Say why such a bundle needs the user's trust."""
    return "the configuration of a MONAI bundle is a program"


def bring_in(source: Path, destination: Path, origin: str) -> None:
    """Copy the whole bundle as it is, scripts included."""
    config_file(source)
    outputs = tuple(output_channels(read_json(source / METADATA), source))
    if not (source / WEIGHTS).is_file():
        raise ModelError(f"The bundle {source} has no {WEIGHTS}.")
    ignored = shutil.ignore_patterns(".git", "__pycache__", MANIFEST)
    shutil.copytree(source, destination, ignore=ignored, dirs_exist_ok=True)
    seal(destination, format="monai-bundle", task="segmentation", outputs=outputs, source=origin, trusted=True)


def config_file(folder: Path) -> Path:
    """Return the bundle's inference configuration; raises :class:`ModelError` when it has none."""
    for name in CONFIGS:
        if (folder / name).is_file():
            return folder / name
    raise ModelError(f"The bundle {folder} has no {CONFIGS[0]}, so nothing says how to run it.")


def output_channels(metadata: dict[str, Any], folder: Path) -> dict[str, int]:
    """Map each structure that the metadata names to its channel of the prediction, background left out."""
    formats = metadata.get("network_data_format")
    outputs = formats.get("outputs") if isinstance(formats, dict) else None
    prediction = next(iter(outputs.values()), None) if isinstance(outputs, dict) else None
    channels = prediction.get("channel_def") if isinstance(prediction, dict) else None
    if not isinstance(channels, dict) or not all(str(channel).isdecimal() for channel in channels):
        raise ModelError(
            f"{folder / METADATA} does not name its output channels.",
            'network_data_format.outputs.pred.channel_def should read like {"0": "background", "1": "cord"}',
        )
    return {str(name): int(channel) for channel, name in channels.items() if str(name).lower() != "background"}
