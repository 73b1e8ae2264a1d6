"""BIDS as it is, without the history."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.export.cases import ExportCase
from crosscontrast.corrections.layout import Layout, sidecar
from crosscontrast.progress import Progress


def export_bids(dataset: CorrectionDataset, cases: Sequence[ExportCase], folder: Path, progress: Progress) -> None:
    """Copy the corrected images with ``derivatives/labels`` and ``derivatives/labels_softseg``."""
    layout, other = dataset.layout, Layout(folder, dataset.layout.label)
    parts = (
        (layout.folder, other.folder),
        (layout.labels, other.labels),
        (layout.labels_softseg, other.labels_softseg),
    )
    for part, target in parts:
        target.mkdir(parents=True, exist_ok=True)
        for name in ("dataset_description.json", ".bidsignore", "README.md"):
            if (part / name).exists():
                shutil.copyfile(part / name, target / name)
    for number, case in enumerate(cases):
        progress(number, len(cases), case.name)
        files = [case.image, layout.seg(case.name), layout.softseg(case.name)]
        beside = [sidecar(case.image)] if sidecar(case.image).exists() else []
        for file in [*files, *beside, sidecar(files[1]), sidecar(files[2])]:
            target = folder / file.relative_to(dataset.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
