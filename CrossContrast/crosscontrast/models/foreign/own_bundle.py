"""Our own bundles, and any bundle whose network is one of our registry."""

import shutil
from pathlib import Path

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import (
    CARD,
    FILES,
    INFERENCE,
    OPTIONAL,
    build_with_weights,
    names_our_network,
    networks_of,
    read_json,
    read_spec,
)
from crosscontrast.models.manifest import seal


def recognises(source: Path) -> bool:
    """Tell whether ``source`` is a folder whose ``network_def`` is ours."""
    return (source / INFERENCE).is_file() and names_our_network(read_json(source / INFERENCE).get("network_def"))


def why_trust(_: Path) -> str:
    """Nothing in such a bundle is executed."""
    return ""


def bring_in(source: Path, destination: Path, origin: str) -> None:
    """Copy the bundle's own files, after the weights were seen to fit the networks; nothing else is taken along."""
    spec = read_spec(source)
    files = {*FILES, *networks_of(spec)}
    for name in files:
        if not (source / name).is_file() and name != CARD:
            raise ModelError(f"The bundle {source} has no {name}.")
    build_with_weights(spec, source, f"The weights of {origin}")
    for name in files | set(OPTIONAL):
        if (source / name).is_file():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, destination / name)
    seal(destination, format="crosscontrast", task=spec.task, outputs=spec.outputs, source=origin)
