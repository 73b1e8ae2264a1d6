"""What a person begins to correct, and the correction that a binary edit of it means."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.ghosts import without_ghosts
from crosscontrast.corrections.masks import on_grid_of
from crosscontrast.corrections.records import Saved
from crosscontrast.corrections.soft_merge import soft_merge
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import image_like
from crosscontrast.ground.placement import put_onto
from crosscontrast.ground.provenance import ModelRecord


@dataclass(frozen=True)
class Start:
    """Soft mask (float32) and binary mask (uint8) on the image's grid, from which a correction begins.

    ``base`` is their revision, 0 for the prediction or nothing; ``threshold`` is where the binary mask was cut.
    """

    case: str
    soft: sitk.Image
    mask: sitk.Image
    base: int
    threshold: float
    model: ModelRecord | None


def starting_point(
    dataset: CorrectionDataset, case: str, *, revision: int | None = None, threshold: float = 0.5
) -> Start:
    """Return the newest correction of a case or, where there is none, its prediction cut at ``threshold``, or nothing.

    ``revision`` names an earlier correction, or 0 for the prediction. Raises :class:`BadInputError` where that is not
    there or does not lie on the image's grid.
    """
    grid = dataset.record(case).grid()
    newest = dataset.case(case).revision if revision is None else revision
    if newest:
        correction = dataset.load(case, newest)
        return Start(case, correction.soft, correction.mask, newest, 0.5, correction.record.model)
    predicted = dataset.prediction(case)
    if predicted is None:
        empty = image_like(np.zeros(grid.GetSize()[::-1], np.float32), grid)
        return Start(case, empty, grid, 0, threshold, None)
    soft = put_onto(predicted.soft(), grid)
    if soft is None:
        raise BadInputError(f"{predicted.softseg} does not lie on the grid of the image of {case}.")
    return Start(case, soft, sitk.Cast(soft >= threshold, sitk.sitkUInt8), 0, threshold, predicted.model)


def save_edited(
    dataset: CorrectionDataset,
    start: Start,
    corrected: sitk.Image,
    *,
    author: str,
    seconds: float = 0,
    note: str = "",
    force: bool = False,
) -> Saved:
    """Save the soft merge of an edited binary mask (not 0 in the structure) as the case's next revision.

    Of objects that were removed altogether nothing stays, not even their rim. ``force`` and what is raised are those
    of :meth:`CorrectionDataset.save`.
    """
    grid = dataset.record(start.case).grid()
    corrected = on_grid_of(corrected, grid, start.case)
    merged = soft_merge(start.soft, start.mask, corrected, threshold=start.threshold)
    return dataset.save(
        start.case,
        without_ghosts(merged, start.mask, corrected),
        corrected,
        author=author,
        seconds=seconds,
        before=start.mask,
        model=start.model,
        base=start.base,
        note=note,
        force=force,
    )
