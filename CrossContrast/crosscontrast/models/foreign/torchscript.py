"""TorchScript files: a program and its weights in one, run by PyTorch without any Python."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import first_problem, parse_json, read_json
from crosscontrast.models.manifest import seal
from crosscontrast.models.spec import ModelSpec

PROGRAM = "model.ts"
SPEC = "spec.json"

#: The name under which a TorchScript program may bring its description along (MONAI uses the same mechanism).
EXTRA_FILE = "inference.json"


def recognises(source: Path) -> bool:
    """Tell whether ``source`` is an archive that ``torch.jit`` wrote, by the names of its entries."""
    if not source.is_file() or not zipfile.is_zipfile(source):
        return False
    with zipfile.ZipFile(source) as archive:
        names = archive.namelist()
    return any(name.endswith("/constants.pkl") for name in names) and any("/code/" in name for name in names)


def why_trust(_: Path) -> str:
    """Say why such a file needs the user's trust."""
    return "a TorchScript file is a program"


def bring_in(source: Path, destination: Path, origin: str) -> None:
    """Copy the program with its :class:`ModelSpec`, which lies beside it (``<stem>.json``) or inside it."""
    extra = {EXTRA_FILE: b""}
    _load(source, extra)
    beside = source.with_suffix(".json")
    if beside.is_file():
        spec = _spec(read_json(beside), beside)
    elif extra[EXTRA_FILE]:
        spec = _spec(parse_json(extra[EXTRA_FILE], source / EXTRA_FILE), source / EXTRA_FILE)
    else:
        raise ModelError(
            f"{source} does not say what it expects and returns.",
            f"write {beside.name} beside it with task, inputs, outputs, preprocessing, windowing and activation",
        )
    destination.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination / PROGRAM)
    (destination / SPEC).write_text(spec.model_dump_json(indent=2) + "\n", encoding="utf-8")
    seal(destination, format="torchscript", task=spec.task, outputs=spec.outputs, source=origin, trusted=True)


def read_program(folder: Path) -> tuple[ModelSpec, nn.Module]:
    """Load the model of a library's ``folder``, which must have been verified, on the CPU and in evaluation mode."""
    spec = _spec(read_json(folder / SPEC), folder / SPEC)
    return spec, _load(folder / PROGRAM, {}).eval()


def _load(path: Path, extra: dict[str, bytes]) -> nn.Module:
    try:
        return torch.jit.load(path, map_location="cpu", _extra_files=extra)
    except (RuntimeError, OSError, ValueError) as error:
        raise ModelError(f"{path} is not a TorchScript program that this PyTorch can read.") from error


def _spec(fields: dict[str, Any], where: Path) -> ModelSpec:
    try:
        spec = ModelSpec.model_validate(fields | {"network": {"name": "TorchScript"}})
    except ValidationError as error:
        raise ModelError(f"{where} does not describe the model: {first_problem(error)}.") from None
    if spec.localisation and spec.localisation.finder:
        raise ModelError(f"{where} names a finder, but a TorchScript file holds one network only.")
    return spec
