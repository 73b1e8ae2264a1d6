"""Cleansing the label maps of a cohort: from its table to proposals on the labels' own grids."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow, read_cohort
from crosscontrast.ground.device import choose_device
from crosscontrast.ground.files import image_stem, make_folder, staging_folder
from crosscontrast.ground.geometry import reorient, resample_onto, resample_to_spacing
from crosscontrast.ground.images import image_like, read_image, write_image
from crosscontrast.ground.provenance import FileRecord, Provenance
from crosscontrast.progress import Progress, part
from crosscontrast.synthesis.segmentation.cases import read_segmentation_cases
from crosscontrast.synthesis.segmentation.cleanse import Kind, Proposal, cleanse
from crosscontrast.synthesis.segmentation.config import SegmentationConfig

if TYPE_CHECKING:
    from crosscontrast.synthesis.segmentation.jobs import CleanseLabels


def cleanse_cohort(job: "CleanseLabels", progress: Progress) -> tuple[list[Path], list[Path], Path]:
    """Do the job: ``<stem>_proposal.nii.gz`` and ``<stem>_confidence.nii.gz`` per label map, and ``proposals.tsv``.

    Returns the proposals, their confidence maps, and the table.
    """
    if job.labelling not in get_args(Kind):
        raise BadInputError(f"There is no labelling {job.labelling!r}.", "use sparse or noisy")
    config, rows = job.settings, _rows(job.settings)
    cases = read_segmentation_cases(config, None)
    folder = make_folder(job.out)
    kind = cast(Kind, job.labelling)
    proposals = cleanse(
        config, cases, kind, folder / "training", device=choose_device(job.device), progress=part(progress, 0, 0.9)
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
            writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
            writer.writerow(["subject", "given", "proposal", "confidence", "changed_share"])
            writer.writerows(lines)
        _provenance(job, rows, staging).write(staging / "cleansing.json")
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


def _provenance(job: "CleanseLabels", rows: list[CohortRow], folder: Path) -> Provenance:
    return Provenance(
        job=job.kind,
        parameters={"labelling": job.labelling, "settings": job.settings.model_dump(mode="json")},
        inputs=[FileRecord.of(row.image) for row in rows],
        outputs=[FileRecord.of(path, relative=True) for path in sorted(folder.iterdir())],
    )
