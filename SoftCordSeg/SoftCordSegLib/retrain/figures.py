"""What the frozen test subjects say of the base model and of the candidate."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.statistics.bootstrap import bootstrap_interval
from SoftCordSegLib.evaluation.measures import CaseScores, SubjectMeasure
from SoftCordSegLib.evaluation.subjects import per_subject
from SoftCordSegLib.evaluation.summary import values_by_method

BASE, CANDIDATE = "base", "candidate"
MEASURES: tuple[SubjectMeasure, ...] = ("dice", "soft_dice", "csa_error_mm2", "csa_sd_mm2")


class Change(BaseModel):
    """A measure's mean over ``subjects`` before and after, and their mean difference with its 95 % interval."""

    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    subjects: int


class Moved(BaseModel):
    """The area of one test image by both models and in its reference; ``right`` is whether the base model was right."""

    subject: str
    session: str
    contrast: str
    reference_mm2: float
    before_mm2: float
    after_mm2: float
    right: bool


class Figures(BaseModel):
    """Changes by measure (those that could be measured), the areas of all images, and their mean drift.

    ``drift_mm2`` is the mean absolute difference of the two models' areas on the images on which the base model was
    right; ``None`` where there is none.
    """

    changes: dict[SubjectMeasure, Change]
    areas: list[Moved]
    drift_mm2: float | None


def compare(cases: Sequence[CaseScores], right_within_mm2: float) -> Figures:
    """Compare the cases of the methods :data:`BASE` and :data:`CANDIDATE`, subject by subject.

    Where a model found no cord, its area is 0 and its error the whole reference: left out, a missed cord would make the
    mean better. Raises :class:`BadInputError` where an image could not be measured.
    """
    failed = [case for case in cases if case.status == "failed"]
    if failed:
        case = failed[0]
        raise BadInputError(f"{case.subject} {case.contrast} could not be measured by the {case.method}: {case.reason}")
    cases = [_with_missed_cord(case) for case in cases]
    subjects = per_subject(cases)
    changes = {}
    for measure in MEASURES:
        values = values_by_method(subjects, measure)
        if change := _change(values[BASE], values[CANDIDATE]):
            changes[measure] = change
    areas = list(_areas(cases, right_within_mm2))
    drifts = [abs(moved.after_mm2 - moved.before_mm2) for moved in areas if moved.right]
    return Figures(changes=changes, areas=areas, drift_mm2=float(np.mean(drifts)) if drifts else None)


def _with_missed_cord(case: CaseScores) -> CaseScores:
    if case.csa_mm2 is None and case.reference_csa_mm2 is not None:
        return case.model_copy(update={"csa_mm2": 0.0, "csa_error_mm2": case.reference_csa_mm2, "soft_dice": 0.0})
    return case


def _change(before: np.ndarray, after: np.ndarray) -> Change | None:
    known = np.isfinite(before) & np.isfinite(after)
    if not known.any():
        return None
    interval = bootstrap_interval(after[known] - before[known])
    low, high = (end if np.isfinite(end) else None for end in (interval.low, interval.high))
    return Change(
        before=float(before[known].mean()),
        after=float(after[known].mean()),
        difference=interval.estimate,
        low=low,
        high=high,
        subjects=interval.subjects,
    )


def _areas(cases: Sequence[CaseScores], right_within_mm2: float) -> list[Moved]:
    after = {(c.subject, c.session, c.contrast): c for c in cases if c.method == CANDIDATE}
    found = []
    for case in cases:
        other = after.get((case.subject, case.session, case.contrast))
        if case.method != BASE or other is None or case.reference_csa_mm2 is None:
            continue
        assert case.csa_mm2 is not None
        assert other.csa_mm2 is not None
        found.append(
            Moved(
                subject=case.subject,
                session=case.session,
                contrast=case.contrast,
                reference_mm2=case.reference_csa_mm2,
                before_mm2=case.csa_mm2,
                after_mm2=other.csa_mm2,
                right=case.csa_error_mm2 is not None and case.csa_error_mm2 <= right_within_mm2,
            )
        )
    return found
