"""Translators by name, or straight from the folder of a training."""

from pathlib import Path

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import read_spec
from crosscontrast.models.library import ModelEntry, ModelLibrary
from crosscontrast.models.manifest import MANIFEST, read_manifest

#: Bundles of a training are ``model-<step>`` and ``back-<step>`` in its folder; models are never overwritten.
THERE, BACK = "model", "back"

#: The task, in a model's manifest, of the models that translate.
TASK = "translation"


def find_translator(model: str, task: str = TASK) -> ModelEntry:
    """Return the model that ``model`` names: one of the library, a bundle's folder, or a training's folder.

    Raises :class:`ModelError` if there is none or it is for another task.
    """
    folder = Path(model)
    entry = open_bundle(folder) if folder.is_dir() else ModelLibrary().find(model)
    if entry.task != task:
        raise ModelError(f"{entry} is a model for {entry.task}, not for {task}.")
    return entry


def find_way_back(entry: ModelEntry) -> ModelEntry | None:
    """Return the model of the way back: ``<name>-back`` of the library, or the training's own; ``None`` without one."""
    beside = entry.folder.with_name(entry.folder.name.replace(THERE, BACK, 1))
    if entry.version == 0:
        return open_bundle(beside) if beside != entry.folder and beside.is_dir() else None
    versions = [e for e in ModelLibrary().versions(f"{entry.name}-back") if e.current]
    return versions[0] if versions else None


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


def translators_needed(model: str) -> int:
    """Return how many inputs of a segmentation model are translations; 0 for models that are not our bundles."""
    entry = find_translator(model, "segmentation")
    if entry.format != "crosscontrast":
        return 0
    return sum(name.startswith("synthetic ") for name in read_spec(entry.folder).inputs)


def newest_bundle(folder: Path, kind: str = THERE) -> Path | None:
    """Return the bundle of the most steps in a training's folder."""
    found = sorted(path for path in folder.glob(f"{kind}-*") if path.is_dir())
    return found[-1] if found else None
