"""Cleansing the label maps of a cohort: from its table to proposals on the labels' own grids."""

from pathlib import Path
from typing import cast, get_args

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow, read_cohort
from crosscontrast.ground.device import choose_device
from crosscontrast.ground.files import image_stem, make_folder, staging_folder
from crosscontrast.ground.geometry import reorient, resample_onto, resample_to_spacing
from crosscontrast.ground.images import image_like, read_image, write_image
from crosscontrast.ground.provenance import FileRecord, Provenance
from crosscontrast.ground.tables import TableWriter
from crosscontrast.progress import Progress, part, silent
from crosscontrast.synthesis.segmentation.cases import read_segmentation_cases
from crosscontrast.synthesis.segmentation.cleanse import Kind, Proposal, cleanse
from crosscontrast.synthesis.segmentation.config import SegmentationConfig


def cleanse_cohort(
    config: SegmentationConfig, labelling: str, out: Path, *, device: str = "auto", progress: Progress = silent
) -> tuple[list[Path], list[Path], Path]:
    """Write to ``out`` ``<stem>_proposal.nii.gz`` and ``<stem>_confidence.nii.gz`` per label map, and a table of them.

    Returns the proposals, their confidence maps, and the table.
    """
    if labelling not in get_args(Kind):
        raise BadInputError(f"There is no labelling {labelling!r}.", "use sparse or noisy")
    rows = _rows(config)
    cases = read_segmentation_cases(config, None)
    folder = make_folder(out)
    kind = cast(Kind, labelling)
    proposals = cleanse(
        config, cases, kind, folder / "training", device=choose_device(device), progress=part(progress, 0, 0.9)
    )
    written: list[list[Path]] = []
    with staging_folder(folder) as staging:
        lines = []
        for row, proposal in zip(rows, proposals, strict=True):
            given = read_image(row.image)
            labels, confidence = to_grid(config, proposal, given)
            names = [f"{image_stem(row.image)}_{what}.nii.gz" for what in ("proposal", "confidence")]
            write_image(labels, staging / names[0])
            write_image(confidence, staging / names[1])
            changed = float((sitk.GetArrayFromImage(labels) != sitk.GetArrayFromImage(given)).mean())
            lines.append([row.subject, str(row.image), *names, f"{changed:.6g}"])
            written.append([folder / name for name in names])
        with (staging / "proposals.tsv").open("w", newline="") as stream:
            writer = TableWriter(stream)
            writer.writerow(["subject", "given", "proposal", "confidence", "changed_share"])
            writer.writerows(lines)
        _provenance(config, labelling, rows, staging).write(staging / "cleansing.json")
    progress(1, 1, "done")
    return [paths[0] for paths in written], [paths[1] for paths in written], folder / "proposals.tsv"


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


def _provenance(config: SegmentationConfig, labelling: str, rows: list[CohortRow], folder: Path) -> Provenance:
    return Provenance(
        job="synth.cleanse",
        parameters={"labelling": labelling, "settings": config.model_dump(mode="json")},
        inputs=[FileRecord.of(row.image) for row in rows],
        outputs=[FileRecord.of(path, relative=True) for path in sorted(folder.iterdir())],
    )
