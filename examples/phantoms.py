"""Images for the examples to run on where no files are named: phantoms with known truth, and a folder for results."""

import tempfile
from pathlib import Path

import crosscontrast as cc
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.synthesis.phantom.write import write_phantoms

#: Voxels in mm of each contrast: clinical images of one person hardly ever share a grid.
SPACINGS = {"T1w": (1.6, 1.6, 3.0), "T2w": (1.5, 1.5, 3.0), "T2star": (1.4, 1.4, 3.5), "MToff": (1.5, 1.5, 3.2)}


def write_cords(folder: Path, subjects: int = 1, contrasts: tuple[str, ...] = ("T2w",)) -> Path:
    """Write cords of different sizes with their masks and a cohort table, whose path is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(subjects):
        for contrast in contrasts:
            phantom = CordPhantom(
                size=(48, 48, 24),
                spacing=SPACINGS[contrast],
                origin=(-34.0, 34.0, -36.0),
                semi_axes=(6.0 + 0.5 * number, 4.0 + 0.2 * number),
                shift=(3.0 - number, 0.0),
                seed=number,
            )
            name = f"sub-{number + 1:02d}_{contrast}"
            cc.write_image(phantom.image(contrast), folder / f"{name}.nii.gz")
            cc.write_image(phantom.soft_truth(), folder / f"{name}_mask.nii.gz")
            rows.append(
                cc.CohortRow(
                    subject=name.partition("_")[0],
                    role=contrast,
                    image=folder / f"{name}.nii.gz",
                    mask=folder / f"{name}_mask.nii.gz",
                )
            )
    cc.write_cohort(folder / "cohort.tsv", rows)
    return folder / "cohort.tsv"


def write_prostates(folder: Path, subjects: int) -> Path:
    """Write small pairs of ultrasound (``us``) and MRI (``t2w``) with a cohort table, whose path is returned."""
    return write_phantoms("prostate", folder, subjects=subjects, size=24)


def results_folder(wanted: Path | None) -> Path:
    """Return the folder that was asked for, or a new one among the temporary files."""
    folder = wanted or Path(tempfile.mkdtemp(prefix="crosscontrast-example-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
