"""Result folders of nnU-Net v2: ``plans.json``, ``dataset.json`` and ``fold_*/checkpoint_final.pth``."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import read_json
from crosscontrast.models.manifest import seal
from crosscontrast.models.weights import NUMPY_SCALARS, as_state_dict, read_checkpoint, save

PLANS = "plans.json"
DATASET = "dataset.json"
CHECKPOINT = "checkpoint_final.pth"

#: Plans name classes that nnU-Net looks up along the dots, from any installed module and through what that imports:
#: ``dynamic_network_architectures.architectures.unet.torch.hub.load`` would download and run a program. So exactly
#: these depths are known; the predictor checks them again and insists that each is a kind of layer.
KNOWN_NETWORKS = re.compile(r"dynamic_network_architectures\.(architectures|building_blocks)\.\w+\.\w+")
KNOWN_LAYERS = re.compile(r"torch\.nn\.(modules\.\w+\.)?\w+")


def recognises(source: Path) -> bool:
    """Tell whether ``source`` is a folder with plans and a description of the data set."""
    return (source / PLANS).is_file() and (source / DATASET).is_file()


def why_trust(source: Path) -> str:
    """Say which class the plans name that is not nnU-Net's or PyTorch's; empty for ordinary plans."""
    unknown = [name for name in class_names(read_json(source / PLANS)) if not is_known_class(name)]
    return f"its {PLANS} names {unknown[0]}, which is none of nnU-Net's networks or layers" if unknown else ""


def bring_in(source: Path, destination: Path, origin: str) -> None:
    """Copy plans, data set description and, of each fold's final checkpoint, what prediction needs.

    The optimiser's state, two thirds of a checkpoint, stays behind; nnU-Net itself can still predict with the copy.
    """
    outputs = tuple(output_channels(read_json(source / DATASET), source / DATASET))
    checkpoints = sorted(source.glob(f"fold_*/{CHECKPOINT}"))
    if not checkpoints:
        raise ModelError(f"The nnU-Net folder {source} has no fold_*/{CHECKPOINT}.")
    for checkpoint in checkpoints:
        slim = slim_checkpoint(checkpoint)
        (destination / checkpoint.parent.name).mkdir(parents=True, exist_ok=True)
        save(slim, destination / checkpoint.parent.name / CHECKPOINT)
    for name in (PLANS, DATASET):
        shutil.copyfile(source / name, destination / name)
    trusted = bool(why_trust(source))
    seal(destination, format="nnunet", task="segmentation", outputs=outputs, source=origin, trusted=trusted)


def slim_checkpoint(path: Path) -> dict[str, Any]:
    """Read, of an nnU-Net checkpoint, the weights and what says how to use them, without running any of its pickle."""
    content = read_checkpoint(path, NUMPY_SCALARS)
    try:
        axes = content.get("inference_allowed_mirroring_axes")
        return {
            "network_weights": as_state_dict(content["network_weights"], path),
            "trainer_name": str(content["trainer_name"]),
            "init_args": {"configuration": str(content["init_args"]["configuration"])},
            "inference_allowed_mirroring_axes": None if axes is None else tuple(int(axis) for axis in axes),
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is not an nnU-Net v2 checkpoint: {error!r}.") from None


def output_channels(dataset: dict[str, Any], where: Path) -> dict[str, int]:
    """Map each structure of ``dataset.json`` to its channel of nnU-Net's probabilities, background left out.

    With plain labels there is one channel per label, background first (softmax); with regions, that is labels given as
    lists, one per region in the order of the file (sigmoid).
    """
    labels = dataset.get("labels")
    if (
        not isinstance(labels, dict)
        or not labels
        or not all(isinstance(value, int | list) for value in labels.values())
    ):
        raise ModelError(f"{where} has no labels as nnU-Net v2 writes them (name: number).")
    structures = {name: value for name, value in labels.items() if value not in (0, [0]) and name != "ignore"}
    if any(isinstance(value, list) and len(value) > 1 for value in structures.values()):
        return {name: channel for channel, name in enumerate(structures)}
    ordered = sorted(structures, key=lambda name: structures[name])
    return {name: channel for channel, name in enumerate(ordered, start=1)}


def class_names(plans: Any) -> Iterator[str]:
    """Yield every class that nnU-Net would import because ``plans`` names it, wherever it stands."""
    if isinstance(plans, dict):
        if "network_class_name" in plans:
            yield str(plans["network_class_name"])
            arguments, imported = plans.get("arch_kwargs"), plans.get("_kw_requires_import")
            if isinstance(arguments, dict) and isinstance(imported, list):
                names = (arguments.get(str(key)) for key in imported)
                yield from (str(name) for name in names if name is not None)
        plans = list(plans.values())
    if isinstance(plans, list):
        for part in plans:
            yield from class_names(part)


def is_known_class(name: str) -> bool:
    """Tell whether ``name`` can only be one of nnU-Net's networks and blocks or one of PyTorch's layers."""
    return bool(KNOWN_NETWORKS.fullmatch(name) or KNOWN_LAYERS.fullmatch(name))
