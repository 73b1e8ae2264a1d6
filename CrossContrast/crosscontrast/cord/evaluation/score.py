"""What is measured of one segmentation: its area in the region and its agreement with a mask."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.csa.levels import Discs, read_discs
from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.evaluation.position import position
from crosscontrast.cord.evaluation.region import Region
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import read_image
from crosscontrast.metrics.segmentation import SEGMENTATION_METRICS, score_segmentation

#: Areas (mm²) by slice.
Areas = dict[int, float]


class Ruler:
    """Measures areas in one region of one image, whose levels come from a label map or from disc points."""

    def __init__(self, region: Region, levels: Path | None, discs: Path | None) -> None:
        self._region = region
        self._levels: sitk.Image | None = read_image(levels) if levels else None
        self._discs: Discs | None = read_discs(discs) if discs else None

    def areas(self, soft: sitk.Image) -> Areas:
        """Return the true soft area of every slice of the region that means are taken over."""
        table = self._region.cut(measure_csa(soft, levels=self._levels, discs=self._discs))
        return {row.slice: row.area_true for row in table.distinct() if math.isfinite(row.area_true)}


def score(soft: sitk.Image, mask: sitk.Image | None, ruler: Ruler, *, missing: str = "") -> dict[str, Any]:
    """Return the fields of :class:`CaseScores` that are measured; ``missing`` says why an empty map is empty.

    What cannot be measured is left out with the reason, so that one missing number does not cost the others.
    """
    reasons = [f"no cord was found: {missing}"] if missing else []
    areas = _areas(soft, ruler, "cord was segmented", reasons)
    measured: dict[str, Any] = {"slices": len(areas), "csa_mm2": _mean(areas)}
    if mask is not None:
        try:
            scores = score_segmentation(soft, mask)
        except BadInputError as error:
            reasons.append(error.message)
        else:
            measured |= {name: _known(getattr(scores, name)) for name in SEGMENTATION_METRICS}
            measured |= {name: _known(value) for name, value in asdict(position(soft, mask)).items()}
            reasons += [scores.reason] if scores.reason else []
            measured |= _area_agreement(areas, _areas(mask, ruler, "mask lies", reasons))
    return measured | {"reason": "; ".join(reasons)}


def _areas(soft: sitk.Image, ruler: Ruler, what: str, reasons: list[str]) -> Areas:
    try:
        areas = ruler.areas(soft)
    except BadInputError as error:
        reasons.append(error.message)
        return {}
    if not areas and not reasons:
        reasons.append(f"no {what} in the region")
    return areas


def _area_agreement(areas: Areas, reference: Areas) -> dict[str, float | None]:
    """Compare over the slices of both, so that a mask that ends earlier is not taken for a smaller cord."""
    common = areas.keys() & reference.keys()
    means = [_mean({k: part[k] for k in common}) for part in (areas, reference)]
    error = abs(means[0] - means[1]) if means[0] is not None and means[1] is not None else None
    return {"reference_csa_mm2": _mean(reference), "csa_error_mm2": error}


def _mean(areas: Areas) -> float | None:
    return float(np.mean(list(areas.values()))) if areas else None


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
