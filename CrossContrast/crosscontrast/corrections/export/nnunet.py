"""The raw dataset of nnU-Net v2 (``nnUNet_raw/Dataset701_Cord``)."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from crosscontrast.corrections.export.cases import FOLDS, ExportCase, folds
from crosscontrast.corrections.storage import copy_compressed
from crosscontrast.progress import Progress

_README = """# {name}

Raw dataset of nnU-Net v2: move this folder into `$nnUNet_raw`.

* Frozen test subjects are in `imagesTs` and `labelsTs`; nnU-Net does not train on them.
* A subject has several images, and nnU-Net's own folds would part them. Copy `splits_final.json` into
  `$nnUNet_preprocessed/{name}` after planning: its folds are by subject.
{runs}* nnU-Net has binary labels only. The soft masks are in the other exports.
"""


def nnunet_name(number: int, title: str) -> str:
    """Return the folder's name that nnU-Net demands: ``Dataset701_Cord``."""
    return f"Dataset{number:03d}_{re.sub(r'[^A-Za-z0-9]+', '', title) or 'Corrections'}"


def export_nnunet(cases: Sequence[ExportCase], folder: Path, name: str, label: str, progress: Progress) -> None:
    """Write images, binary labels, ``dataset.json`` and folds by subject."""
    for number, case in enumerate(cases):
        progress(number, len(cases), case.name)
        part = "Ts" if case.test else "Tr"
        copy_compressed(case.image, folder / f"images{part}" / f"{case.name}_0000.nii.gz")
        copy_compressed(case.seg, folder / f"labels{part}" / f"{case.name}.nii.gz")
    training = [case for case in cases if not case.test]
    document = {
        "name": name,
        "channel_names": {"0": "MRI"},
        "labels": {"background": 0, label: 1},
        "numTraining": len(training),
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    by_subject = folds(cases)
    splits = [
        {
            "train": [case.name for case in training if by_subject[case.subject] != fold],
            "val": [case.name for case in training if by_subject[case.subject] == fold],
        }
        for fold in sorted(set(by_subject.values()))
    ]
    readme = _README.format(name=name, runs=_runs(len(splits)))
    (folder / "README.md").write_text(readme, encoding="utf-8")
    if len(splits) > 1:
        (folder / "splits_final.json").write_text(json.dumps(splits, indent=2) + "\n", encoding="utf-8")


def _runs(count: int) -> str:
    """Say which of nnU-Net's folds must not be run: for one that is not in the file it draws images, not subjects."""
    if count >= FOLDS:
        return ""
    if count < 2:
        return (
            "* There are too few subjects for folds, and no `splits_final.json`. Run `all` only: for the folds 0 to 4 "
            "nnU-Net\n  would draw images by lot, the same subject to train and to test on.\n"
        )
    there, missing = (", ".join(map(str, numbers)) for numbers in (range(count), range(count, FOLDS)))
    return (
        f"* There are subjects for {count} folds only: run {there} or `all`, and not {missing}, for which nnU-Net "
        "would draw\n  images by lot, the same subject to train and to test on.\n"
    )
