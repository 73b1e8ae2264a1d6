"""How an image was acquired, as far as its DICOM or the JSON file beside it tells: what BIDS keeps beside an image."""

import json
from pathlib import Path
from typing import Any

from crosscontrast.corrections.bids import CaseName
from crosscontrast.errors import BadInputError
from crosscontrast.ground.dicom.frames import open_dicom
from crosscontrast.ground.dicom.study import find_volume, is_dicom
from crosscontrast.ground.files import image_stem

#: Fields of BIDS by DICOM's names, and what turns DICOM's unit (ms) into that of BIDS (s). Nothing that tells of a
#: person, a place or a day is among them.
_FIELDS: dict[str, tuple[str, float]] = {
    "Manufacturer": ("Manufacturer", 0),
    "ManufacturersModelName": ("ManufacturerModelName", 0),
    "MagneticFieldStrength": ("MagneticFieldStrength", 1),
    "ScanningSequence": ("ScanningSequence", 0),
    "SequenceVariant": ("SequenceVariant", 0),
    "MRAcquisitionType": ("MRAcquisitionType", 0),
    "EchoTime": ("EchoTime", 0.001),
    "RepetitionTime": ("RepetitionTime", 0.001),
    "InversionTime": ("InversionTime", 0.001),
    "FlipAngle": ("FlipAngle", 1),
    "RepetitionTimeExcitation": ("", 0),
    "MTState": ("", 0),
    "PulseSequenceType": ("", 0),
}
#: RepetitionTime is for series of volumes; of one volume BIDS wants the time between excitations.
_OF_SERIES = "RepetitionTime"


def acquisition_of(source: Path, name: CaseName) -> dict[str, Any]:
    """Return what BIDS keeps of an image's acquisition; the MT pulse is also told by the name."""
    found = _of_dicom(source) if is_dicom(source) else _of_json(source)
    excitation = found.pop(_OF_SERIES, None)
    if name.suffix == "MTS" and excitation:
        found.setdefault("RepetitionTimeExcitation", excitation)
    state = dict(name.entities).get("mt")
    return found | ({"MTState": state == "on"} if state else {})


def _of_json(source: Path) -> dict[str, Any]:
    """Read the JSON file that dcm2niix and BIDS put beside an image."""
    try:
        document = json.loads(source.with_name(f"{image_stem(source)}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {field: document[field] for field in _FIELDS if field in document} if isinstance(document, dict) else {}


def _of_dicom(source: Path) -> dict[str, Any]:
    try:
        volume, _ = find_volume(source)
    except BadInputError:  # said where the image is read
        return {}
    data, found = open_dicom(volume.files[0], pixels=False), dict[str, Any]()
    for field, (keyword, scale) in _FIELDS.items():
        value = getattr(data, keyword, None) if keyword else None
        if value in (None, ""):
            continue
        try:
            found[field] = float(value) * scale if scale else _text(value)
        except (TypeError, ValueError):
            continue
    return found


def _text(value: Any) -> str:
    return "_".join(map(str, value)) if isinstance(value, list | tuple) or hasattr(value, "append") else str(value)
