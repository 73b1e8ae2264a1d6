"""Which case to correct next, and why."""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.corrections.choices import Order
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.disagreement import Stretch, areas_in_common
from crosscontrast.corrections.prediction import Prediction
from crosscontrast.corrections.records import Case
from crosscontrast.ground.images import read_image
from crosscontrast.progress import Progress, silent

#: Around the predicted structure, as far as this (mm), the model's doubt counts: missed parts lie next to found ones.
_AROUND = 3.0


@dataclass(frozen=True)
class WorkItem:
    """A case that waits to be corrected; the higher ``score`` comes first, NaN (not known) last."""

    case: Case
    score: float
    reason: str


def worklist(dataset: CorrectionDataset, order: Order = "listed", *, progress: Progress = silent) -> list[WorkItem]:
    """Return the pending cases in the order in which they should be corrected, each with the reason.

    ``uncertainty``: the mean standard deviation of the soft value inside and within 3 mm around the predicted structure
    (a mean over the volume would be about the air around the patient). ``disagreement``: how far the structure's area
    lies from the median of all contrasts of the same visit, over the stretch that they share. ``listed``: as added.
    """
    cases = dataset.cases()
    pending = [case for case in cases if case.state == "pending"]
    if order == "listed":
        return [WorkItem(case, math.nan, "in the order of the list") for case in pending]
    if order == "uncertainty":
        items = _by_uncertainty(dataset, pending, progress)
    else:
        items = _by_disagreement(dataset, cases, progress)
    return sorted(items, key=lambda item: -math.inf if math.isnan(item.score) else item.score, reverse=True)


def _by_uncertainty(dataset: CorrectionDataset, pending: list[Case], progress: Progress) -> list[WorkItem]:
    items = []
    for number, case in enumerate(pending):
        progress(number, len(pending), case.name)
        items.append(WorkItem(case, *_uncertainty(dataset.prediction(case.name))))
    return items


def _uncertainty(predicted: Prediction | None) -> tuple[float, str]:
    if predicted is None:
        return math.nan, "not predicted yet"
    if predicted.uncertainty is None:
        return math.nan, "predicted without uncertainty"
    soft = predicted.soft()
    doubt = local_uncertainty(soft, read_image(predicted.uncertainty))
    if math.isnan(doubt):
        return math.inf, "nothing was found in it"
    return doubt, f"mean uncertainty {doubt:.3f} in and around what was found"


def local_uncertainty(soft: sitk.Image, spread: sitk.Image) -> float:
    """Return the mean of ``spread`` where ``soft`` reaches .5 and within 3 mm around; NaN where it does so nowhere."""
    found = sitk.GetArrayViewFromImage(soft) >= 0.5
    if not found.any():
        return math.nan
    distance = ndimage.distance_transform_edt(~found, sampling=soft.GetSpacing()[::-1])
    return float(sitk.GetArrayViewFromImage(spread)[distance <= _AROUND].mean(dtype=np.float64))


def _by_disagreement(dataset: CorrectionDataset, cases: list[Case], progress: Progress) -> list[WorkItem]:
    """Corrected cases are not listed, but the others are measured against them too."""
    visits: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        if case.state != "excluded":
            visits[case.subject, case.session].append(case)
    items = []
    for number, visit in enumerate(visits.values()):
        progress(number, len(visits), f"sub-{visit[0].subject}")
        items += _visit(dataset, visit)
    return items


def _visit(dataset: CorrectionDataset, visit: list[Case]) -> list[WorkItem]:
    if all(case.state != "pending" for case in visit):
        return []
    masks = {case.name: soft for case in visit if (soft := _mask(dataset, case)) is not None}
    common = areas_in_common(masks)
    return [WorkItem(case, *_deviation(case, masks, common)) for case in visit if case.state == "pending"]


def _mask(dataset: CorrectionDataset, case: Case) -> sitk.Image | None:
    if case.revision:
        return dataset.load(case.name).soft
    predicted = dataset.prediction(case.name)
    return predicted.soft() if predicted else None


def _deviation(case: Case, masks: dict[str, sitk.Image], common: Stretch) -> tuple[float, str]:
    if case.name not in masks:
        return math.nan, "not predicted yet"
    if not (sitk.GetArrayViewFromImage(masks[case.name]) >= 0.5).any():
        return math.inf, "nothing was found in it"
    if len(common.areas) < 2:
        return math.nan, "no other contrast of this visit shows the same stretch"
    area, median = common.areas[case.name], float(np.median(list(common.areas.values())))
    relative = area / median - 1
    return abs(relative), (
        f"area {area:.1f} mm², {relative:+.0%} from the median of {len(common.areas)} contrasts "
        f"({median:.1f} mm²) over {common.length:.0f} mm"
    )
