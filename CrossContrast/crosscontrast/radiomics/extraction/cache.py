"""Features that were computed before, found again by what they were computed from."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

from crosscontrast.ground.files import atomic_write, make_folder, sha256
from crosscontrast.radiomics.extraction.settings import ExtractionSettings, Perturbation

#: Counts up when our own part of the extraction changes a value.
_EDITION = 1


def cache_key(
    image: Path, mask: Path, settings: ExtractionSettings, backend: str, perturbation: Perturbation | None
) -> str:
    """Return the SHA-256 of all that a feature's value depends on: contents, settings, versions; never names."""
    parts = {
        "edition": _EDITION,
        "image": sha256(image),
        "mask": sha256(mask),
        "settings": settings.model_dump(mode="json"),
        "backend": backend,
        "perturbation": perturbation.model_dump(mode="json") if perturbation else None,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def recall(folder: Path, key: str) -> dict[str, float] | None:
    """Return the features kept under ``key``; ``None`` where there are none or the file is damaged."""
    try:
        content = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
        return {str(name): math.nan if value is None else float(value) for name, value in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def keep(folder: Path, key: str, features: Mapping[str, float]) -> None:
    """Keep features under ``key``; raises :class:`crosscontrast.errors.OutputError`."""
    known = {name: value if math.isfinite(value) else None for name, value in features.items()}
    with atomic_write(make_folder(folder) / f"{key}.json") as temporary:
        temporary.write_text(json.dumps(known), encoding="utf-8")
