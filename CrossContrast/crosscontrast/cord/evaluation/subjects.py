"""From images to subjects: the spread of a person's area across contrasts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from crosscontrast.cord.evaluation.measures import Agreement, CaseScores, SubjectScores


def per_subject(cases: Sequence[CaseScores]) -> list[SubjectScores]:
    """Return one line per method and subject, in the order in which they first appear.

    The standard deviation across contrasts is taken within a session, as the cord may have changed between sessions,
    with one less than the number of contrasts in its denominator (Bédard et al. 2023); it needs two contrasts.
    """
    groups: dict[tuple[str, str], list[CaseScores]] = defaultdict(list)
    for case in cases:
        groups[case.method, case.subject].append(case)
    return [_subject(method, subject, group) for (method, subject), group in groups.items()]


def _subject(method: str, subject: str, cases: Sequence[CaseScores]) -> SubjectScores:
    sessions: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        if case.csa_mm2 is not None:
            sessions[case.session].append(case.csa_mm2)
    agreement = {name: mean_of_known(getattr(case, name) for case in cases) for name in Agreement.model_fields}
    return SubjectScores(
        method=method,
        subject=subject,
        contrasts=tuple(dict.fromkeys(case.contrast for case in cases if case.csa_mm2 is not None)),
        csa_mean_mm2=mean_of_known(float(np.mean(areas)) for areas in sessions.values()),
        csa_sd_mm2=mean_of_known(float(np.std(areas, ddof=1)) for areas in sessions.values() if len(areas) > 1),
        **agreement,
    )


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """Return the mean of what could be measured, ``None`` where nothing could."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
