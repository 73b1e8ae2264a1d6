"""PyRadiomics' own files of parameters, read as our settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crosscontrast.errors import BadInputError

#: What such a file holds.
SECTIONS = ("setting", "imageType", "featureClass", "voxelSetting")
#: The width of bins where the file names neither width nor number.
_BIN_WIDTH = 25


def extraction_of(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the fields of :class:`~crosscontrast.radiomics.extraction.settings.ExtractionSettings` for such a file.

    What stands in no field of ours goes to PyRadiomics as it is. ``voxelSetting`` is for maps and says nothing here.
    Raises :class:`BadInputError` naming the file where a section holds no names.
    """
    parts = {name: content.get(name) or {} for name in SECTIONS}
    wrong = [name for name, part in parts.items() if not isinstance(part, dict)]
    if wrong:
        raise BadInputError(f"{path}: the section {wrong[0]} holds no names and values.")
    options = {name: value for name, value in parts["setting"].items() if value is not None}
    found: dict[str, Any] = {"backend": "pyradiomics"}
    for own, field in (("binWidth", "bin_width"), ("binCount", "bin_count"), ("label", "label")):
        if own in options:
            found[field] = options.pop(own)
    if "bin_count" in found:
        found.pop("bin_width", None)  # as PyRadiomics itself decides
    elif "bin_width" not in found:
        found["bin_width"] = _BIN_WIDTH
    spacing = options.get("resampledPixelSpacing")
    if isinstance(spacing, list) and len(spacing) == 3 and all(spacing):
        found["spacing"] = options.pop("resampledPixelSpacing")
    elif spacing is not None and not any(spacing):
        options.pop("resampledPixelSpacing")
    filters = {name: dict(own or {}) for name, own in parts["imageType"].items()}
    found["original"] = "Original" in filters or not filters
    filters.pop("Original", None)
    chosen = parts["featureClass"]
    return found | {
        "options": options,
        "filters": filters,
        "classes": tuple(chosen),
        "features": {name: tuple(own) for name, own in chosen.items() if own},
    }
