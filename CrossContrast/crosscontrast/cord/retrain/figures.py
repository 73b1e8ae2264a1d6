"""What the frozen test subjects say of the base model and of the candidate."""

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel

from crosscontrast.cord.evaluation.measures import CaseScores, SubjectMeasure, SubjectScores
from crosscontrast.cord.evaluation.subjects import mean_of_known, per_subject
from crosscontrast.cord.evaluation.summary import values_by_method
from crosscontrast.cord.retrain.systematic import Systematic, systematic
from crosscontrast.errors import BadInputError
from crosscontrast.statistics.bootstrap import bootstrap_interval

BASE, CANDIDATE = "base", "candidate"
MEASURES: tuple[SubjectMeasure, ...] = (
    "dice",
    "soft_dice",
    "csa_error_mm2",
    "csa_sd_mm2",
    "centre_distance_mm",
    "hausdorff95_mm",
)
#: Measures of where a segmentation lies, which an empty one has not.
_PLACES = ("centre_distance_mm", "centre_distance95_mm", "hausdorff95_mm", "surface_distance_mm")


class Change(BaseModel):
    """A measure's mean over ``subjects`` before and after, and their mean difference with its 95 % interval."""

    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    subjects: int


class Moved(BaseModel):
    """One test image by both models: its area, that of its reference, and Dice, ``None`` where no cord was found.

    ``right`` is whether the base model was right.
    """

    subject: str
    session: str
    contrast: str
    reference_mm2: float
    before_mm2: float
    after_mm2: float
    before_dice: float | None = None
    after_dice: float | None = None
    right: bool


class Person(BaseModel):
    """One test subject by both models; a value is ``None`` where it could not be measured."""

    subject: str
    before: dict[SubjectMeasure, float | None]
    after: dict[SubjectMeasure, float | None]

    def change(self, measure: SubjectMeasure) -> float | None:
        """Return the measure after minus before."""
        before, after = self.before.get(measure), self.after.get(measure)
        return None if before is None or after is None else after - before


class Learnt(BaseModel):
    """One corrected image that the candidate learnt from: how far it lies from the correction.

    ``missed_share`` is the share of the correction's slices in which the candidate finds nothing, ``base_missed_share``
    that in which the base model does. Where these are all there is no distance, and neither for a correction that says
    that the image shows no cord.
    """

    subject: str
    session: str
    contrast: str
    centre_distance_mm: float | None
    missed_share: float | None
    base_missed_share: float | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.subject, self.session, self.contrast) if part)

    @property
    def is_lost(self) -> bool:
        """Whether the candidate finds no cord where the correction has one."""
        return self.centre_distance_mm is None and self.missed_share is not None

    @property
    def lost_share(self) -> float | None:
        """Share of the correction's slices that the candidate misses beyond what the base model misses.

        Retraining does not change the network that finds the cord, and what is not found is not followed.
        """
        return None if self.missed_share is None else max(self.missed_share - (self.base_missed_share or 0.0), 0.0)


class Figures(BaseModel):
    """Changes by measure (those that could be measured), the areas of all images, and their mean drift.

    ``drift_mm2`` is the mean absolute difference of the two models' areas on the images on which the base model was
    right; ``None`` where there is none. ``persons`` are the subjects one by one; ``systematic`` and
    ``base_systematic`` what the candidate and the base model do wrong the same way everywhere. ``missed_share`` is the
    candidate's mean share of the cord's slices without segmentation. ``learnt`` are the images of the training, all
    else is of the test subjects.
    """

    changes: dict[SubjectMeasure, Change]
    areas: list[Moved]
    drift_mm2: float | None
    persons: list[Person] = []
    systematic: list[Systematic] = []
    base_systematic: list[Systematic] = []
    missed_share: float | None = None
    learnt: list[Learnt] = []


def compare(
    cases: Sequence[CaseScores], right_within_mm2: float, right_dice: float, learnt: Sequence[CaseScores] = ()
) -> Figures:
    """Compare the cases of the methods :data:`BASE` and :data:`CANDIDATE`, subject by subject.

    ``learnt`` are both models' cases of the images that the candidate was trained on, whose corrections are the
    reference.

    Where a model found no cord, its area is 0 and its error the whole reference: left out, a missed cord would make the
    mean better. Distances are compared on the images in which both models found a cord, since a model that finds one
    more, of which it is less sure, would look worse for it. Raises :class:`BadInputError` where an image could not be
    measured.
    """
    failed = [case for case in (*cases, *learnt) if case.status == "failed"]
    if failed:
        case = failed[0]
        raise BadInputError(f"{case.subject} {case.contrast} could not be measured by the {case.method}: {case.reason}")
    cases = [_with_missed_cord(case) for case in cases]
    subjects = per_subject(list(_found_by_both(cases)))
    changes = {}
    for measure in MEASURES:
        values = values_by_method(subjects, measure)
        if change := _change(values[BASE], values[CANDIDATE]):
            changes[measure] = change
    areas = list(_areas(cases, right_within_mm2, right_dice))
    drifts = [abs(moved.after_mm2 - moved.before_mm2) for moved in areas if moved.right]
    of_candidate, of_base = ([case for case in cases if case.method == method] for method in (CANDIDATE, BASE))
    return Figures(
        changes=changes,
        areas=areas,
        drift_mm2=float(np.mean(drifts)) if drifts else None,
        persons=_persons(subjects, per_subject(of_candidate)),
        systematic=systematic(of_candidate),
        base_systematic=systematic(of_base),
        missed_share=mean_of_known(scores.missed_share for scores in per_subject(of_candidate)),
        learnt=_learnt(learnt),
    )


def _learnt(cases: Sequence[CaseScores]) -> list[Learnt]:
    missed_before = {_key(case): case.missed_share for case in cases if case.method == BASE}
    return [
        Learnt(**case.model_dump(include=set(Learnt.model_fields)), base_missed_share=missed_before.get(_key(case)))
        for case in cases
        if case.method == CANDIDATE
    ]


def _with_missed_cord(case: CaseScores) -> CaseScores:
    if case.csa_mm2 is None and case.reference_csa_mm2 is not None:
        return case.model_copy(update={"csa_mm2": 0.0, "csa_error_mm2": case.reference_csa_mm2, "soft_dice": 0.0})
    return case


def _key(case: CaseScores) -> tuple[str, str, str]:
    return case.subject, case.session, case.contrast


def _found_by_both(cases: Sequence[CaseScores]) -> Iterator[CaseScores]:
    """Return the cases without distances where either model has none."""
    without = {name: {_key(case) for case in cases if getattr(case, name) is None} for name in _PLACES}
    for case in cases:
        yield case.model_copy(update={name: None for name in _PLACES if _key(case) in without[name]})


def _persons(subjects: Sequence[SubjectScores], candidate: Sequence[SubjectScores]) -> list[Person]:
    """Return each subject; the distances of the candidate are those of all images in which it found a cord."""
    before = {scores.subject: scores for scores in subjects if scores.method == BASE}
    after = {scores.subject: scores for scores in candidate}
    return [
        Person(
            subject=subject,
            before={measure: getattr(before[subject], measure) for measure in MEASURES},
            after={measure: getattr(after[subject], measure) for measure in MEASURES},
        )
        for subject in before
        if subject in after
    ]


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


def _areas(cases: Sequence[CaseScores], right_within_mm2: float, right_dice: float) -> Iterator[Moved]:
    after = {_key(case): case for case in cases if case.method == CANDIDATE}
    for case in cases:
        other = after.get(_key(case))
        if case.method != BASE or other is None or case.reference_csa_mm2 is None:
            continue
        assert case.csa_mm2 is not None
        assert other.csa_mm2 is not None
        overlaps = case.dice is not None and case.dice >= right_dice
        yield Moved(
            subject=case.subject,
            session=case.session,
            contrast=case.contrast,
            reference_mm2=case.reference_csa_mm2,
            before_mm2=case.csa_mm2,
            after_mm2=other.csa_mm2,
            before_dice=case.dice,
            after_dice=other.dice,
            right=overlaps and case.csa_error_mm2 is not None and case.csa_error_mm2 <= right_within_mm2,
        )
