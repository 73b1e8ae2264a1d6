"""The JSON sidecar that says what made a result."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from crosscontrast.ground.files import atomic_write, sha256
from crosscontrast.version import __version__


class FileRecord(BaseModel):
    """A file by its name and content."""

    path: str
    sha256: str

    @classmethod
    def of(cls, path: Path, *, relative: bool = False) -> "FileRecord":
        """Record a file or a DICOM series; ``relative`` keeps the name only, for files beside the sidecar."""
        from crosscontrast.ground.dicom.study import source_sha256

        return cls(path=path.name if relative else str(path.resolve()), sha256=source_sha256(path))


class ModelRecord(BaseModel):
    """The model that made a result."""

    name: str
    version: int
    sha256: str


class Provenance(BaseModel):
    """Everything needed to make a result again, and to see whether it was changed since."""

    software: str = "CrossContrast"
    version: str = __version__
    date: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    job: str
    model: ModelRecord | None = None
    device: str = ""
    engine: str = ""
    parameters: dict[str, Any] = {}
    inputs: list[FileRecord] = []
    outputs: list[FileRecord] = []
    measures: dict[str, Any] = {}
    warnings: list[str] = []

    def write(self, path: Path) -> None:
        """Write the sidecar as JSON."""
        with atomic_write(path) as temporary:
            temporary.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Provenance | None":
        """Read a sidecar; ``None`` where the file is absent or not one of ours."""
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError):
            return None

    def changed_since(self, folder: Path) -> list[str]:
        """Return the names of outputs in ``folder`` whose content is no longer what was written."""
        return [
            record.path
            for record in self.outputs
            if (folder / record.path).exists() and sha256(folder / record.path) != record.sha256
        ]
