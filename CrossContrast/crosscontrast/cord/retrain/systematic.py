"""What a model does wrong the same way in all subjects: the mark that wrong corrections leave on it.

Errors of a model that has learnt too little scatter, and their signs cancel out over subjects. What masks taught that
lie beside the cord or are too small or too large has the same sign everywhere.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel

from crosscontrast.cord.evaluation.measures import CaseScores


class Systematic(BaseModel):
    """Mean errors with their signs in one contrast, over the subjects; ``None`` where they could not be measured.

    ``area`` is the area's error relative to the reference's area.
    """

    contrast: str
    to_left_mm: float | None
    to_front_mm: float | None
    area: float | None

    @property
    def displacements(self) -> dict[str, float]:
        """The displacement by the side that it goes to, in mm, not negative."""
        named = (self.to_left_mm, "left", "right"), (self.to_front_mm, "front", "back")
        return {there if mm > 0 else back: abs(mm) for mm, there, back in named if mm is not None}


def systematic(cases: Sequence[CaseScores]) -> list[Systematic]:
    """Return the systematic errors of one model by contrast; a subject's images of a contrast count as one."""
    groups: dict[str, list[CaseScores]] = defaultdict(list)
    for case in cases:
        groups[case.contrast].append(case)
    return [
        Systematic(
            contrast=contrast,
            to_left_mm=_over_subjects([(case.subject, case.to_left_mm) for case in group]),
            to_front_mm=_over_subjects([(case.subject, case.to_front_mm) for case in group]),
            area=_over_subjects([(case.subject, _area(case)) for case in group]),
        )
        for contrast, group in groups.items()
    ]


def _area(case: CaseScores) -> float | None:
    if case.csa_mm2 is None or not case.reference_csa_mm2:
        return None
    return case.csa_mm2 / case.reference_csa_mm2 - 1


def _over_subjects(values: Sequence[tuple[str, float | None]]) -> float | None:
    by_subject: dict[str, list[float]] = defaultdict(list)
    for subject, value in values:
        if value is not None:
            by_subject[subject].append(value)
    return float(np.mean([np.mean(each) for each in by_subject.values()])) if by_subject else None
