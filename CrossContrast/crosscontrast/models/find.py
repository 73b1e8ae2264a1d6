"""The model that a user means: by its name in the library, by a bundle's folder, or by a training's folder."""

import hashlib
from pathlib import Path

from crosscontrast.errors import ModelError
from crosscontrast.models.library import NAME, ModelEntry, ModelLibrary
from crosscontrast.models.manifest import MANIFEST, read_manifest

#: Bundles of a training are ``model-<step>`` in its folder, and ``back-<step>`` where it has a way back.
THERE, BACK = "model", "back"


def find_model(request: str, task: str = "", *, library: ModelLibrary | None = None) -> ModelEntry:
    """Return the model that ``request`` names: ``name`` or ``name@version`` of the library, a bundle's or a training's
    folder (of which the newest bundle counts).

    Raises :class:`ModelError` where there is none, where a folder beside us and a model of the library have the same
    name, and for a model that is not for ``task``.
    """
    library = library or ModelLibrary()
    entry = _of_folder(Path(request).expanduser(), request, library) or library.find(request)
    if task and entry.task != task:
        raise ModelError(f"{entry} is a model for {entry.task}, not for {task}.")
    return entry


def open_bundle(folder: Path) -> ModelEntry:
    """Return a bundle that need not be in the library; of a training's folder the newest one. Its version is 0."""
    if not (folder / MANIFEST).is_file():
        newest = newest_bundle(folder)
        if newest is None:
            raise ModelError(f"{folder} holds no model.")
        folder = newest
    manifest = read_manifest(folder)
    kept = manifest.model_dump(include={"format", "task", "outputs", "trusted", "source"})
    return ModelEntry(folder.name, 0, folder.resolve(), shipped=False, current=False, **kept)


def content_sha256(entry: ModelEntry) -> str:
    """Return by what a model is known in whatever folder or library it lies: the SHA-256 of all its files' SHA-256."""
    files = read_manifest(entry.folder).files
    lines = "".join(f"{files[path]}  {path}\n" for path in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def newest_bundle(folder: Path, kind: str = THERE) -> Path | None:
    """Return the bundle of the most steps in a training's folder."""
    found = sorted(path for path in folder.glob(f"{kind}-*") if (path / MANIFEST).is_file())
    return found[-1] if found else None


def _of_folder(folder: Path, request: str, library: ModelLibrary) -> ModelEntry | None:
    """Return the bundle of a folder; ``None`` where a model of the library is meant."""
    named = NAME.fullmatch(request.partition("@")[0]) is not None
    known = named and bool(library.versions(request.partition("@")[0]))
    if not folder.is_dir():
        if known or ("@" in request and named):
            return None
        if named:
            there = ", ".join(library.names()) or "none"
            raise ModelError(f"There is no model called {request!r}, and no folder either.", f"there are: {there}")
        what = (
            f"{request} is a file, not the folder of a model" if folder.is_file() else f"There is no folder {request}"
        )
        raise ModelError(f"{what}.", "a model is given by its name (see 'models list') or by its folder")
    if not known:
        return open_bundle(folder)
    if (folder / MANIFEST).is_file() or newest_bundle(folder):
        raise ModelError(
            f"{request!r} is a model of the library and a folder here that holds one.",
            f"write {library.find(request)} or ./{request}",
        )
    return None
