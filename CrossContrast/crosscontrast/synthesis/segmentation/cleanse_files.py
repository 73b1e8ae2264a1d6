"""Cleansing the label maps of a cohort: from its table to proposals on the labels' own grids."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.case import Case
from crosscontrast.ground.cohort import CohortRow, read_cohort
from crosscontrast.ground.files import image_stem, make_folder
from crosscontrast.ground.geometry import reorient, resample_onto, resample_to_spacing
from crosscontrast.ground.images import image_like, read_image, write_image
from crosscontrast.ground.inputs import check_unique
from crosscontrast.ground.provenance import FileRecord
from crosscontrast.ground.tables import TableWriter
from crosscontrast.progress import Progress, part, silent
from crosscontrast.synthesis.segmentation.cases import read_segmentation_cases
from crosscontrast.synthesis.segmentation.cleanse import Kind, Proposal, cleanse
from crosscontrast.synthesis.segmentation.config import SegmentationConfig

TABLE = "proposals.tsv"


@dataclass(frozen=True)
class Cleansed:
    """The proposals and their confidence maps, by label map, the table of them, and what is unusual about images."""

    proposals: list[Path]
    confidence: list[Path]
    table: Path
    warnings: list[str]


def cleanse_cohort(
    config: SegmentationConfig, labelling: str, out: Path, *, device: str = "auto", progress: Progress = silent
) -> Cleansed:
    """Write to ``out`` ``<stem>_proposal.nii.gz`` and ``<stem>_confidence.nii.gz`` per label map, and a table of them.

    The sidecar is ``cleansing.json``. All files appear at once, next to the folder of the training.
    """
    if labelling not in get_args(Kind):
        raise BadInputError(f"There is no labelling {labelling!r}.", "use sparse or noisy")
    rows = _rows(config)
    check_unique([row.image for row in rows], [Path(image_stem(row.image)) for row in rows], "cleanse them one by one")
    case, folder = Case("synth.cleanse", inputs=[FileRecord.of(row.image) for row in rows]), make_folder(out)
    with case.listening():
        cases, kind, report = read_segmentation_cases(config, None), cast(Kind, labelling), part(progress, 0, 0.9)
        proposals = cleanse(config, cases, kind, folder / "training", device=case.compute_on(device), progress=report)
    parameters = {"labelling": labelling, "settings": config.model_dump(mode="json")}
    lines, names = [], []
    with case.results(folder, "cleansing.json", parameters=parameters) as results:
        for row, proposal in zip(rows, proposals, strict=True):
            given = read_image(row.image)
            labels, confidence = to_grid(config, proposal, given)
            names.append([f"{image_stem(row.image)}_{what}.nii.gz" for what in ("proposal", "confidence")])
            for image, name in zip((labels, confidence), names[-1], strict=True):
                write_image(image, results.place(name), like=row.image)
            changed = float((sitk.GetArrayFromImage(labels) != sitk.GetArrayFromImage(given)).mean())
            lines.append([row.subject, str(row.image), *names[-1], f"{changed:.6g}"])
        with results.place(TABLE).open("w", newline="") as stream:
            writer = TableWriter(stream)
            writer.writerow(["subject", "given", "proposal", "confidence", "changed_share"])
            writer.writerows(lines)
    progress(1, 1, "done")
    files = [[folder / name for name in column] for column in zip(*names, strict=True)]
    return Cleansed(files[0], files[1], folder / TABLE, case.warnings)


def _rows(config: SegmentationConfig) -> list[CohortRow]:
    return [labels for _, labels in read_cohort(config.cohort).pairs(config.inputs[0], config.labels)]


def to_grid(config: SegmentationConfig, proposal: Proposal, given: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
    """Return label map and confidence on the grid of ``given``; classes get the first of their values again."""
    grid = reorient(given, config.orientation)
    if config.spacing is not None:
        grid = resample_to_spacing(sitk.Cast(grid, sitk.sitkFloat32), config.spacing)
    values = np.array([0, *(group[0] for group in config.classes.values())])
    labels = image_like(values[proposal.labels].astype(np.int16), grid)
    confidence = image_like(proposal.confidence, grid)
    whole = sitk.Cast(resample_onto(labels, given, linear=False), given.GetPixelID())
    return whole, resample_onto(confidence, given)
