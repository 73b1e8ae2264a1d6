"""The numbers of an evaluation: what is measured of one image, and what that says of a subject."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from crosscontrast.metrics.segmentation import SegmentationMetric

#: What methods are judged by, one value per subject.
SubjectMeasure = Literal["csa_sd_mm2", "csa_error_mm2", "centre_distance_mm"] | SegmentationMetric
SUBJECT_MEASURES: tuple[SubjectMeasure, ...] = (
    "csa_sd_mm2",
    "csa_error_mm2",
    *get_args(SegmentationMetric),
    "centre_distance_mm",
)

#: Further measures of where a segmentation lies, see :class:`crosscontrast.cord.evaluation.position.Position`.
PositionMeasure = Literal["centre_distance95_mm", "to_left_mm", "to_front_mm", "missed_share"]
POSITION_MEASURES: tuple[PositionMeasure, ...] = get_args(PositionMeasure)

#: How reports call them.
MEASURE_NAMES: dict[SubjectMeasure, str] = {
    "csa_sd_mm2": "CSA SD across contrasts (mm²)",
    "csa_error_mm2": "absolute CSA error (mm²)",
    "dice": "Dice",
    "soft_dice": "soft Dice",
    "volume_error": "relative volume error",
    "hausdorff95_mm": "Hausdorff 95 (mm)",
    "surface_distance_mm": "average surface distance (mm)",
    "calibration_error": "expected calibration error",
    "centre_distance_mm": "distance of the centrelines (mm)",
}


class Agreement(BaseModel):
    """Agreement with a reference mask; ``None`` where it is not defined or there is no mask.

    ``csa_error_mm2`` is the absolute difference of the mean areas over the slices that both masks have, the others are
    those of :class:`crosscontrast.metrics.segmentation.SegmentationScores` and, from ``centre_distance_mm`` on, of
    :class:`crosscontrast.cord.evaluation.position.Position`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    csa_error_mm2: float | None = None
    dice: float | None = None
    soft_dice: float | None = None
    volume_error: float | None = None
    hausdorff95_mm: float | None = None
    surface_distance_mm: float | None = None
    calibration_error: float | None = None
    centre_distance_mm: float | None = None
    centre_distance95_mm: float | None = None
    to_left_mm: float | None = None
    to_front_mm: float | None = None
    missed_share: float | None = None


class CaseName(BaseModel):
    """One image by one method, as tables know it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    subject: str
    session: str
    contrast: str
    method: str


class CaseScores(CaseName, Agreement):
    """What became of one case: a line of ``cases.tsv``.

    ``csa_mm2`` is the mean true soft area of the region, over ``slices`` slices; ``reference_csa_mm2`` is the mask's.
    ``reason`` says why the case failed, or why a number of a case that is ``done`` is missing. ``reused`` marks a
    segmentation that an earlier run had made.
    """

    status: Literal["done", "failed"] = "done"
    reason: str = ""
    reused: bool = False
    slices: int = 0
    csa_mm2: float | None = None
    reference_csa_mm2: float | None = None


class SubjectScores(Agreement):
    """One subject by one method: a line of ``subjects.tsv``.

    ``csa_mean_mm2`` and ``csa_sd_mm2`` (one less than the number of contrasts in the denominator) are over the
    ``contrasts`` in which the area was measured, and averaged over sessions; agreement is averaged over images.
    """

    method: str
    subject: str
    contrasts: tuple[str, ...]
    csa_mean_mm2: float | None = None
    csa_sd_mm2: float | None = None
