"""The newest revision of a case where all programs that read BIDS find it."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from crosscontrast.corrections.documents import read_document, write_text
from crosscontrast.corrections.layout import RECORD, SEG, SOFTSEG, Layout, sidecar
from crosscontrast.corrections.records import CaseRecord, Revision
from crosscontrast.corrections.storage import replace_file
from crosscontrast.ground.files import sha256

BIDS_VERSION = "1.10.0"
CODE_URL = "https://github.com/CrossContrast/SlicerCrossContrast"
_MAKER = {"Name": "CrossContrast", "CodeURL": CODE_URL}


def read_revision(layout: Layout, case: str, number: int) -> Revision:
    """Read the record of a revision that exists."""
    return read_document(Revision, layout.revision(case, number) / RECORD)


def revision_numbers(layout: Layout, case: str) -> list[int]:
    """Return the numbers of a case's revisions, oldest first."""
    folder = layout.revisions(case)
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal()) if folder.is_dir() else []


def published_revision(layout: Layout, case: str) -> int:
    """Return the number of the revision that the derivatives hold whole, 0 for none."""
    numbers = []
    for image in (layout.seg(case), layout.softseg(case)):
        document = _read(sidecar(image))
        number = document.get("Revision")
        numbers.append(number if isinstance(number, int) and image.exists() else 0)
    return numbers[0] if numbers[0] == numbers[1] else 0


def publish(layout: Layout, case: CaseRecord) -> None:
    """Copy the newest revision of a case into the derivatives; the caller holds the lock.

    A kill in between leaves them behind, which :func:`published_revision` tells, as the sidecars come last. A mask that
    another program has put there is first moved to the case's folder ``outside``.
    """
    numbers = revision_numbers(layout, case.case)
    if not numbers:
        return
    history = [read_revision(layout, case.case, number) for number in numbers]
    folder = layout.revision(case.case, numbers[-1])
    ours = {value for record in history for value in (record.seg_sha256, record.softseg_sha256)}
    targets = {layout.seg(case.case): SEG, layout.softseg(case.case): SOFTSEG}
    for target, name in targets.items():
        _keep_foreign(target, ours, layout.outside(case.case))
        replace_file(folder / name, target)
    for target, name in targets.items():
        write_text(sidecar(target), json.dumps(_document(case, history, soft=name == SOFTSEG), indent=2) + "\n")
    name_authors(layout, [record.author for record in history])


def _keep_foreign(target: Path, ours: set[str], folder: Path) -> None:
    if target.exists() and (found := sha256(target)) not in ours:
        folder.mkdir(parents=True, exist_ok=True)
        target.rename(folder / f"{found[:12]}_{target.name}")


def describe_dataset(folder: Path, name: str, authors: Sequence[str] = (), *, derivative: bool) -> None:
    """Write ``dataset_description.json`` where there is none, with what made it."""
    path = folder / "dataset_description.json"
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative" if derivative else "raw",
        "Authors": list(authors),
        "GeneratedBy": [_MAKER, *([{"Name": "Manual"}] if derivative else [])],
    }
    if derivative:
        document["SourceDatasets"] = [{"URL": "../../"}]
    write_text(path, json.dumps(document, indent=2) + "\n")


def name_authors(layout: Layout, authors: Iterable[str]) -> None:
    """Add who corrected to the authors of what this program has described; a raw dataset of others stays as it is."""
    for folder in (layout.folder, layout.labels, layout.labels_softseg):
        document = _read(folder / "dataset_description.json")
        known = document.get("Authors")
        made_by = [entry.get("Name") for entry in document.get("GeneratedBy", []) if isinstance(entry, dict)]
        if _MAKER["Name"] not in made_by:
            continue
        named = list(dict.fromkeys([*(known if isinstance(known, list) else []), *filter(None, authors)]))
        if named != known:
            text = json.dumps(document | {"Authors": named}, indent=2) + "\n"
            write_text(folder / "dataset_description.json", text)


def dataset_name(folder: Path) -> str:
    """Return the title in ``dataset_description.json``, or the folder's name where there is none."""
    name = _read(folder / "dataset_description.json").get("Name")
    return name if isinstance(name, str) and name else folder.name


def _document(case: CaseRecord, history: list[Revision], *, soft: bool) -> dict[str, Any]:
    """The sidecar of a mask, in the shape that spine-generic's datasets have, with what is measured beside it."""
    newest = history[-1]
    made_by: list[dict[str, Any]] = []
    for record in history:
        if record.model and (not made_by or made_by[-1].get("SHA256") != record.model.sha256):
            model = record.model
            made_by.append(
                {"Name": model.name, "Version": str(model.version), "SHA256": model.sha256, "CodeURL": CODE_URL}
            )
        made_by.append(_manual(record))
    return {
        "SpatialReference": "orig",
        "GeneratedBy": made_by,
        "Sources": [f"bids::{case.image}"],
        "InputSHA256": newest.input_sha256,
        "SHA256": newest.softseg_sha256 if soft else newest.seg_sha256,
        "Revision": newest.revision,
    }


def _manual(record: Revision) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Name": "Manual",
        "Author": record.author,
        "Date": record.date,
        "SecondsSpent": record.seconds,
        "VoxelsChanged": record.voxels_changed,
        "VoxelsAdded": record.voxels_added,
        "VoxelsRemoved": record.voxels_removed,
        "Revision": record.revision,
    }
    return entry | ({"Description": record.note} if record.note else {})


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
