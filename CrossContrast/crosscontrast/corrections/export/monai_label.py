"""A local datastore of MONAI Label (``datastore_v2.json``)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crosscontrast.corrections.export.cases import ExportCase
from crosscontrast.corrections.records import Case
from crosscontrast.corrections.storage import copy_compressed
from crosscontrast.progress import Progress

#: Tags of the labels: MONAI Label trains on what is ``final``.
_TAGS = {"final": "seg", "softseg": "softseg"}


def export_monai_label(
    cases: Sequence[ExportCase], pending: Sequence[Case], folder: Path, name: str, progress: Progress
) -> None:
    """Write the corrected cases with labels and the pending ones without, for work to go on there.

    MONAI Label trains on every label in a datastore, so the frozen test subjects get one of their own,
    ``test_subjects``, beside the one called ``datastore``.
    """
    done = 0
    for part, test in (("datastore", False), ("test_subjects", True)):
        objects: dict[str, Any] = {}
        labelled = {case.name: case for case in cases if case.test == test}
        images = {case.name: case.image for case in labelled.values()}
        images |= {case.name: case.image for case in pending if case.test == test}
        for case, image in images.items():
            progress(done, len(cases) + len(pending), case)
            done += 1
            copy_compressed(image, folder / part / f"{case}.nii.gz")
            objects[case] = {"image": _model(case), "labels": {}}
            if case in labelled:
                objects[case]["labels"] = _labels(labelled[case], folder / part / "labels")
        if objects:
            document = {
                "name": f"{name}, {part.replace('_', ' ')}",
                "description": "Masks corrected by hand",
                "images_dir": ".",
                "labels_dir": "labels",
                "objects": objects,
            }
            text = json.dumps(document, indent=2) + "\n"
            (folder / part / "datastore_v2.json").write_text(text, encoding="utf-8")


def _labels(case: ExportCase, folder: Path) -> dict[str, Any]:
    for tag, kind in _TAGS.items():
        copy_compressed(getattr(case, kind), folder / tag / f"{case.name}.nii.gz")
    about = case.revision.model_dump(mode="json", include={"author", "date", "revision", "seconds"})
    return {tag: _model(case.name, **about) for tag in _TAGS}


def _model(name: str, **info: Any) -> dict[str, Any]:
    return {"ext": ".nii.gz", "info": {"name": f"{name}.nii.gz", **info}}
