"""The datalist of the Medical Segmentation Decathlon, as MONAI reads it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crosscontrast.corrections.export.cases import ExportCase, folds
from crosscontrast.corrections.storage import copy_compressed
from crosscontrast.progress import Progress


def export_decathlon(cases: Sequence[ExportCase], folder: Path, name: str, label: str, progress: Progress) -> None:
    """Write images, binary and soft labels, and ``dataset.json`` with ``training`` (folds by subject) and ``test``."""
    by_subject = folds(cases)
    lists: dict[str, list[dict[str, Any]]] = {"training": [], "test": []}
    for number, case in enumerate(cases):
        progress(number, len(cases), case.name)
        part = "Ts" if case.test else "Tr"
        entry: dict[str, Any] = {}
        for key, kind, source in (
            ("image", "images", case.image),
            ("label", "labels", case.seg),
            ("soft_label", "softlabels", case.softseg),
        ):
            copy_compressed(source, folder / f"{kind}{part}" / f"{case.name}.nii.gz")
            entry[key] = f"./{kind}{part}/{case.name}.nii.gz"
        entry["subject"] = case.subject
        if case.test:
            lists["test"].append(entry)
        else:
            lists["training"].append(entry | {"fold": by_subject[case.subject]})
    document = {
        "name": name,
        "description": "Masks corrected by hand; label is binary, soft_label has values from 0 to 1.",
        "tensorImageSize": "3D",
        "modality": {"0": "MRI"},
        "labels": {"0": "background", "1": label},
        "numTraining": len(lists["training"]),
        "numTest": len(lists["test"]),
        **lists,
    }
    (folder / "dataset.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
