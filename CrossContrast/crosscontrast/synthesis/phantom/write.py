"""Phantom subjects as files with a cohort table."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import OutputError
from crosscontrast.ground.files import atomic_write, make_folder
from crosscontrast.ground.images import write_image
from crosscontrast.progress import Progress, silent
from crosscontrast.synthesis.phantom.grid import Grid
from crosscontrast.synthesis.seeds import seed_of

Kind = Literal["prostate", "head"]
TABLE = "cohort.tsv"
#: Voxel sizes in mm at which the organ fills the grid, for a grid of 1 voxel a side.
_EXTENT = {"prostate": 80.0, "head": 190.0}
_COLUMNS = ("subject", "session", "role", "image", "mask", "split", "outcome", "volume_ml", "seed")

#: role -> image, role -> mask, outcome, volume in mL.
_Files = tuple[dict[str, sitk.Image], dict[str, sitk.Image], int, float]


def write_phantoms(
    kind: Kind,
    folder: Path,
    *,
    subjects: int,
    size: int = 48,
    misregistration: float = 0.0,
    flow_void: float = 1.0,
    seed: int = 2025,
    progress: Progress = silent,
) -> Path:
    """Write ``subjects`` phantoms and the cohort table, whose path is returned.

    Of the subjects about 60 % are in the split ``train``, 15 % in ``validation``, 25 % in ``test``, each with both
    outcomes in turn. ``outcome`` is 1 for cancer, or for vessels above the median of the head phantoms.
    ``misregistration`` is that of prostates, ``flow_void`` that of heads. Raises :class:`OutputError` where the folder
    has a table already or cannot be written.
    """
    table = make_folder(folder) / TABLE
    if table.exists():
        raise OutputError(f"There are phantoms in {folder} already.", "give another folder")
    grid = Grid(size, _EXTENT[kind] / size)
    draw: Callable[[int, int], _Files] = {
        "prostate": lambda number, s: _prostate(grid, s, number % 2 == 1, misregistration),
        "head": lambda _, s: _head(grid, s, flow_void),
    }[kind]
    rows: list[dict[str, object]] = []
    splits = split_names(subjects)
    for number in range(subjects):
        progress(number, subjects, f"subject {number + 1} of {subjects}")
        own_seed, name = seed_of(seed, number), f"sub-{number + 1:03d}"
        images, masks, outcome, volume = draw(number, own_seed)
        common = {"subject": name, "session": "", "split": splits[number], "outcome": outcome, "seed": own_seed}
        for role, image in images.items():
            files = {"image": f"{name}_{role}.nii.gz"}
            write_image(image, folder / files["image"])
            if role in masks:
                files["mask"] = f"{name}_{role}_mask.nii.gz"
                write_image(masks[role], folder / files["mask"])
            rows.append(common | {"role": role, "volume_ml": round(volume, 3), "mask": ""} | files)
    if kind == "head":
        middle = float(np.median([float(str(row["volume_ml"])) for row in rows]))
        for row in rows:
            row["outcome"] = int(float(str(row["volume_ml"])) > middle)
    with atomic_write(table) as path, path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, _COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    progress(subjects, subjects, "done")
    return table


def split_names(subjects: int) -> list[str]:
    """Return the split of each subject; pairs of neighbours share one, so that each split has both outcomes."""
    pattern = ["train", "train", "test", "train", "train", "validation", "train", "test"]
    return [pattern[(number // 2) % len(pattern)] for number in range(subjects)]


def _prostate(grid: Grid, seed: int, cancer: bool, misregistration: float) -> _Files:
    from crosscontrast.synthesis.phantom.prostate_pair import draw_pair

    pair = draw_pair(grid, seed, cancer, misregistration)
    images = {"us": pair.us, "t2w": pair.t2w, "zones": pair.zones}
    return images, {"us": pair.us_mask, "t2w": pair.t2w_mask}, int(cancer), pair.lesion_ml


def _head(grid: Grid, seed: int, flow_void: float) -> _Files:
    from crosscontrast.synthesis.phantom.head import draw_head

    pair = draw_head(grid, seed, flow_void)
    images = {"heavyT2": pair.heavy_t2, "mra": pair.mra, "labels": pair.labels}
    return images, {"heavyT2": pair.mask, "mra": pair.mask}, 0, pair.vessel_ml
