"""The model library: versions side by side, never overwritten, each sealed by its manifest.

::

    <root>/<name>/<version>/   one version, complete with manifest.json
    <root>/<name>/current      the number of the version that the bare name means

Models shipped with the extension lie in a second, read-only root of the same shape. Reading the library imports no
PyTorch, so that listing models is quick.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from crosscontrast.errors import ModelError, OutputError
from crosscontrast.ground.files import atomic_write, sha256
from crosscontrast.ground.provenance import ModelRecord
from crosscontrast.models.manifest import MANIFEST, Manifest, read_manifest, verify

#: Versions that came with this software, by the last release that had them.
_WITHDRAWN = {"softcord@1": "0.1"}

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class ModelEntry:
    """One version of one model; version 0 is a bundle that lies in no library.

    ``format``, ``task`` and ``outputs`` come from its manifest; where that cannot be read they are empty and
    ``problem`` says why. ``current`` marks the version that the bare name means, ``shipped`` a read-only one.
    """

    name: str
    version: int
    folder: Path
    shipped: bool
    current: bool
    format: str = ""
    task: str = ""
    outputs: tuple[str, ...] = ()
    trusted: bool = False
    source: str = ""
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.name}@{self.version}" if self.version else self.name

    @property
    def request(self) -> str:
        """What finds exactly this version again: its name and number, or its folder where it is in no library."""
        return str(self) if self.version else str(self.folder)

    def record(self) -> ModelRecord:
        """Return what is kept of the model in the provenance of its results; the manifest stands for all its files."""
        return ModelRecord(name=self.name, version=self.version, sha256=sha256(self.folder / MANIFEST))


def library_root() -> Path:
    """Where the user's models lie: ``$CROSSCONTRAST_HOME/models``, or the system's folder for a user's data."""
    home = os.environ.get("CROSSCONTRAST_HOME")
    return Path(home or platformdirs.user_data_path("CrossContrast", appauthor=False)) / "models"


def shipped_models_folder() -> Path | None:
    """Return the folder of the models that came with this software: in the wheel, in Slicer, or in a checkout."""
    package = Path(__file__).resolve().parents[1]
    places = (
        package / "shipped_models",
        package.parent / "Resources" / "Models",
        package.parents[1] / "Resources" / "Models",
    )
    return next((place for place in places if place.is_dir()), None)


class ModelLibrary:
    """The user's models below ``root`` and the shipped ones, under one set of names.

    Parameters
    ----------
    root : path, optional
        Default: ``$CROSSCONTRAST_HOME/models``, or the system's folder for a user's data.

    Examples
    --------
    >>> library = ModelLibrary()
    >>> "softcord" in library.names()
    True
    >>> library.find("softcord@3").outputs
    ('cord', 'canal')
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or library_root()
        self._shipped_root = shipped_models_folder()

    def names(self) -> list[str]:
        """Return the names of all models, sorted."""
        return sorted({folder.parent.name for root in self._roots() for folder in _version_folders(root)})

    def entries(self) -> list[ModelEntry]:
        """Return every version of every model, by name and number; damaged ones too, with their ``problem``."""
        return [entry for name in self.names() for entry in self.versions(name)]

    def versions(self, name: str) -> list[ModelEntry]:
        """Return the versions of ``name``, oldest first; empty when there is no such model.

        Where a later release of this software ships a number that the user's library has too, the user's one counts.
        """
        folders: dict[int, tuple[Path, bool]] = {}
        for root in self._roots():
            for folder in _version_folders(root, name):
                folders[int(folder.name)] = (folder, root == self._shipped_root)
        current = self._current(name, folders)
        return [_entry(name, version, *folders[version], version == current) for version in sorted(folders)]

    def find(self, request: str) -> ModelEntry:
        """Return the version that ``request`` names: ``"softcord@3"``, or the current one for ``"softcord"``.

        Raises :class:`ModelError`, listing what there is, for an unknown name or version.
        """
        name, at, number = request.partition("@")
        versions = self.versions(name) if NAME.fullmatch(name) else []
        if not versions:
            raise ModelError(f"There is no model called {name!r}.", f"there are: {', '.join(self.names()) or 'none'}")
        for entry in versions:
            if (str(entry.version) == number) if at else entry.current:
                return entry
        there = ", ".join(str(entry) for entry in versions)
        if request in _WITHDRAWN:
            raise ModelError(f"{request} was shipped until release {_WITHDRAWN[request]} only.", f"there are: {there}")
        raise ModelError(
            f"There is no version {number!r} of {name}." if at else f"{name} has no current version.",
            f"there are: {there}",
        )

    def add(
        self, source: Path, name: str | None = None, *, trust: bool = False, make_current: bool = True
    ) -> ModelEntry:
        """Copy or convert the model at ``source`` into the library as the next version of ``name``.

        ``source`` is anything that :func:`crosscontrast.models.foreign.bring_in` reads; ``name`` is taken from it
        when not given. With ``trust`` a model may bring code of its own. It is complete and sealed before it appears,
        and two processes may add at once. Raises :class:`ModelError`, and :class:`OutputError` when the library cannot
        be written.
        """
        from crosscontrast.models.foreign import bring_in

        name = _checked(name) if name is not None else _name_from(source)
        with self._staging() as staging:
            bring_in(source, staging / name, trust=trust)
            version = self._publish(staging / name, name)
        if make_current:
            self._make_current(name, version)
        return self.find(f"{name}@{version}")

    def rollback(self, name: str, version: int | None = None) -> ModelEntry:
        """Make ``version``, or without it the one before the current one, the current version, and return it."""
        if version is None:
            current = self.find(name)
            older = [entry.version for entry in self.versions(name) if entry.version < current.version]
            if not older:
                raise ModelError(f"{current} is the oldest version of {name}; there is none to go back to.")
            version = older[-1]
        entry = self.find(f"{name}@{version}")
        self._make_current(name, entry.version)
        return self.find(name)

    def verify(self, entry: ModelEntry) -> Manifest:
        """Compare every file of a version with its manifest; raises :class:`ModelError` naming what differs."""
        return verify(entry.folder)

    def _roots(self) -> list[Path]:
        return [root for root in (self._shipped_root, self.root) if root is not None]

    def _current(self, name: str, folders: dict[int, tuple[Path, bool]]) -> int | None:
        """The number in the file ``current``; without one the newest shipped version, or else the newest."""
        try:
            text = (self.root / name / "current").read_text(encoding="utf-8").strip()
            return int(text) if text.isdecimal() and int(text) in folders else None
        except OSError:
            shipped = [version for version, (_, is_shipped) in folders.items() if is_shipped]
            return max(shipped or folders, default=None)

    def _make_current(self, name: str, version: int) -> None:
        (self.root / name).mkdir(parents=True, exist_ok=True)
        with atomic_write(self.root / name / "current") as path:
            path.write_text(f"{version}\n", encoding="utf-8")

    def _publish(self, folder: Path, name: str) -> int:
        """Rename ``folder`` to the next free number; renaming onto a folder with files fails, so nobody overwrites."""
        (self.root / name).mkdir(parents=True, exist_ok=True)
        version = max((entry.version for entry in self.versions(name)), default=0) + 1
        while True:
            try:
                folder.rename(self.root / name / str(version))
            except OSError:
                if not (self.root / name / str(version)).exists():
                    raise
                version += 1
            else:
                return version

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """Give a new folder on the library's own disk that disappears at the end."""
        staging = None
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=".adding-", dir=self.root))
            yield staging
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            reason = f"{error.strerror or error}{where}"
            raise OutputError(f"The model cannot be added to {self.root}: {reason}.") from error
        finally:
            if staging is not None:
                shutil.rmtree(staging, ignore_errors=True)


def _version_folders(root: Path, name: str | None = None) -> Iterator[Path]:
    names = [root / name] if name else sorted(root.iterdir()) if root.is_dir() else []
    for folder in names:
        if NAME.fullmatch(folder.name) and folder.is_dir():
            yield from (path for path in folder.iterdir() if re.fullmatch(r"[1-9]\d*", path.name) and path.is_dir())


def _entry(name: str, version: int, folder: Path, shipped: bool, current: bool) -> ModelEntry:
    try:
        manifest = read_manifest(folder)
    except ModelError as error:
        return ModelEntry(name, version, folder, shipped, current, problem=error.message)
    kept = manifest.model_dump(include={"format", "task", "outputs", "trusted", "source"})
    return ModelEntry(name, version, folder, shipped, current, **kept)


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot be a model's name.",
            "use small letters, digits, - and _, beginning with a letter or digit",
        )
    return name


def _name_from(source: Path) -> str:
    """Make a name of a file's or folder's; that of a folder ``softcord/1`` is ``softcord``."""
    path = source.resolve()
    stem = path.parent.name if path.name.isdecimal() else path.stem if path.is_file() else path.name
    return _checked(re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-_"))
