"""Keeping a session's work on disk, so that neither a killed server nor an ended session loses more than seconds."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict, ValidationError

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.desk import Desk, MapFiles
from crosscontrast.app.pages.saving import Saving
from crosscontrast.corrections.soft_brush import Box
from crosscontrast.errors import CrossContrastError
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.images import write_image
from crosscontrast.ground.provenance import ModelRecord
from crosscontrast.scene.images import image_of
from crosscontrast.scene.results import case_of, model_of, uncertainty_of

#: Seconds between looks at whether something is to be kept.
INTERVAL = 15.0
_FILE = "session.json"


class KeptMap(BaseModel):
    """A soft map that a session has of a case; paths are relative to the session's folder.

    ``predicted`` and ``cut`` are there where it was corrected.
    """

    model_config = ConfigDict(extra="forbid")
    soft: str
    predicted: str = ""
    cut: float = 0.0
    spread: str = ""
    model: ModelRecord | None = None
    case: str = ""
    base: int = 0
    unsaved: bool = False


class Kept(BaseModel):
    """All that a session comes back to: what was sent to it, which case was open, and its maps by the cases' keys."""

    model_config = ConfigDict(extra="forbid")
    files: list[str] = []
    active: str = ""
    author: str = ""
    maps: dict[str, KeptMap] = {}


class Keeping:
    """Writes :class:`Kept` and the maps whenever they changed, and brings them back when the session starts again."""

    def __init__(self, desk: Desk, cases: Cases, correcting: Correcting, saving: Saving) -> None:
        self._desk, self._cases, self._correcting, self._saving = desk, cases, correcting, saving
        self._folder = desk.folder
        self._kept = self._read()
        self._changed = False
        cases.before_leaving = self.keep
        cases.kept_map = self._map_of
        correcting.changed.append(self._on_change)
        desk.listeners.append(self._on_desk)
        self._task: asyncio.Task[None] | None = None

    def restore(self) -> bool:
        """Bring back what the session had; tell whether a case is open then."""
        files = [self._folder / name for name in self._kept.files]
        self._cases.add_files([path for path in files if path.exists()])
        self._saving.typed.data.author = self._kept.author
        active, kept = self._kept.active, self._kept.maps.get(self._kept.active)
        if active not in self._cases.keys:
            return False
        self._cases.open(active)
        if kept and kept.cut and self._desk.soft is not None:
            self._correcting.typed.data.cut = kept.cut
            self._correcting.make_segment()
            self._saving.typed.data.unsaved = kept.unsaved
        self._changed = False
        return self._desk.case is not None

    def start(self, after: Callable[[CrossContrastError], None]) -> None:
        """Keep the work every few seconds from now on; ``after`` is told where it cannot be."""

        async def watch() -> None:
            while True:
                await asyncio.sleep(INTERVAL)
                try:
                    self.keep()
                except CrossContrastError as error:
                    after(error)

        self._task = asyncio.ensure_future(watch())

    def keep(self) -> None:
        """Write what is not written yet."""
        self._correcting.take_segment()
        kept = self._kept.model_copy(deep=True)
        kept.active = self._desk.case.key if self._desk.case else ""
        kept.author = self._saving.typed.data.author
        kept.files = [str(path.relative_to(self._folder)) for path in self._cases.sent_files(self._folder)]
        if self._changed and self._desk.case and self._desk.soft is not None:
            kept.maps[self._desk.case.key] = self._write_map(self._desk.case.key)
        elif kept.active in kept.maps:
            kept.maps[kept.active].unsaved = self._saving.typed.data.unsaved
        if kept != self._kept:
            with atomic_write(self._folder / _FILE) as path:
                path.write_text(kept.model_dump_json(indent=1), encoding="utf-8")
            self._kept = kept
        self._changed = False

    def _write_map(self, key: str) -> KeptMap:
        soft, correction = self._desk.soft, self._desk.correction
        folder = self._folder / "maps"
        folder.mkdir(exist_ok=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:12]
        case, base = case_of(soft)
        kept = KeptMap(
            soft=self._write(image_of(soft), folder / f"{name}.nrrd"),
            model=model_of(soft),
            case=case,
            base=base,
            unsaved=self._saving.typed.data.unsaved,
        )
        if correction is not None:
            kept.cut = correction.threshold
            kept.predicted = self._write(image_of(correction.predicted), folder / f"{name}_predicted.nrrd")
        spread = uncertainty_of(soft)
        if spread is not None:
            kept.spread = self._write(image_of(spread), folder / f"{name}_spread.nrrd")
        return kept

    def _write(self, image: sitk.Image, path: Path) -> str:
        write_image(image, path)
        return str(path.relative_to(self._folder))

    def _map_of(self, key: str) -> MapFiles | None:
        kept = self._kept.maps.get(key)
        if kept is None or not (self._folder / kept.soft).exists():
            return None
        return MapFiles(
            self._folder / kept.soft,
            predicted=self._folder / kept.predicted if kept.predicted else None,
            spread=self._folder / kept.spread if kept.spread else None,
            model=kept.model,
            case=kept.case,
            base=kept.base,
        )

    def _on_change(self, _box: Box) -> None:
        self._changed = True

    def _on_desk(self) -> None:
        self._changed = True

    def _read(self) -> Kept:
        try:
            return Kept.model_validate_json((self._folder / _FILE).read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return Kept()
