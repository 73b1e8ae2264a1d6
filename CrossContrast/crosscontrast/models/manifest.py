"""The seal on a model's folder: what it is, where it came from, and the SHA-256 of every file in it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from crosscontrast.errors import ModelError
from crosscontrast.ground.files import atomic_write, sha256

MANIFEST = "manifest.json"

Format = Literal["crosscontrast", "monai-bundle", "torchscript", "nnunet"]


def _stays_inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in path or str(parts) != path:
        raise ValueError(f"the path {path!r} leaves the model's folder")
    return path


RelativePath = Annotated[str, AfterValidator(_stays_inside)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What ``manifest.json`` says about the folder that it lies in.

    ``format`` decides how the model is run. ``trusted`` records that the user allowed the model to bring code of its
    own. ``source`` is where it came from, ``added`` the day. ``task`` and ``outputs`` are repeated here so that models
    can be listed without reading four different formats. ``files`` maps each file's path (``/`` between folders) to its
    SHA-256; the manifest itself is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format
    task: Literal["segmentation", "translation"]
    outputs: tuple[str, ...]
    trusted: bool = False
    source: str
    added: date
    files: dict[RelativePath, Digest]


def model_name(folder: Path) -> str:
    """``softcord@1`` for a folder ``softcord/1`` of a library, and the folder's own name elsewhere."""
    return f"{folder.parent.name}@{folder.name}" if folder.name.isdecimal() else folder.name


def seal(
    folder: Path, *, format: Format, task: str, outputs: tuple[str, ...], source: str, trusted: bool = False
) -> Manifest:
    """Write the manifest of ``folder`` from the files that are in it now."""
    manifest = Manifest.model_validate(
        {
            "format": format,
            "task": task,
            "outputs": outputs,
            "trusted": trusted,
            "source": source,
            "added": date.today(),
            "files": {path: sha256(folder / path) for path in sorted(_files(folder))},
        }
    )
    with atomic_write(folder / MANIFEST) as path:
        path.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of ``folder`` without comparing any file with it; raises :class:`ModelError`."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError:
        raise ModelError(f"The model {model_name(folder)} has no readable {MANIFEST} in {folder}.") from None
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise ModelError(f"The {MANIFEST} of {model_name(folder)} in {folder} is not valid: {reason}.") from None


def verify(folder: Path) -> Manifest:
    """Compare every file of ``folder`` with the manifest and return it.

    Raises :class:`ModelError` naming the model and the file that changed, is missing, or was not there before.
    """
    manifest = read_manifest(folder)
    name = model_name(folder)
    present = set(_files(folder))
    for path in sorted(present - manifest.files.keys()):
        raise ModelError(f"{path} of {name} is not in its {MANIFEST}.", f"remove {folder / path} or add the model anew")
    for path, digest in manifest.files.items():
        if path not in present:
            raise ModelError(f"{path} of {name} is missing from {folder}.", "add the model anew")
        if sha256(folder / path) != digest:
            raise ModelError(
                f"{path} of {name} does not match its recorded SHA-256, so it was damaged or changed and is not used.",
                f"add the model anew, or go back with: crosscontrast models rollback {name.partition('@')[0]}",
            )
    return manifest


def _files(folder: Path) -> Iterator[str]:
    """Yield the path of every file below ``folder`` but the manifest; a link could lead outside, so it is refused."""
    for path in folder.rglob("*"):
        relative = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ModelError(f"{relative} of {model_name(folder)} is a link; a model's files must be its own.")
        if path.is_file() and relative != MANIFEST:
            yield relative
