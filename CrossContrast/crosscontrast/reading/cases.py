"""The cases of a study: which subjects of the cohort have an image of every arm."""

from dataclasses import dataclass
from pathlib import Path

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow, read_cohort
from crosscontrast.ground.tables import is_missing
from crosscontrast.reading.study import Study


@dataclass(frozen=True)
class Case:
    """A subject with one image per arm; ``positive`` is its truth, ``None`` where the study has none."""

    name: str
    training: bool
    positive: bool | None
    images: dict[str, Path]


def find_cases(study: Study) -> list[Case]:
    """Return the cases in the order of the cohort table: those the study names, or all that have every arm.

    Raises :class:`BadInputError` where a named case lacks an image, has several visits or lacks a truth, and where no
    case to be read is positive: there is then nothing to find.
    """
    rows = read_cohort(study.cohort).rows
    roles = {arm.role: arm.name for arm in study.arms}
    found: dict[str, dict[str, CohortRow]] = {}
    for row in rows:
        if row.role not in roles:
            continue
        arms = found.setdefault(row.subject, {})
        if roles[row.role] in arms:
            raise BadInputError(f"{study.cohort}: {row.subject} has two images of role {row.role!r}; one is expected.")
        arms[roles[row.role]] = row
    wanted = _wanted(study, found)
    cases = [_case(study, name, found.get(name, {})) for name in wanted]
    if all(case.training for case in cases):
        raise BadInputError(f"{study.cohort} has no subject with an image of every arm besides the training cases.")
    _check_truth(study, [case for case in cases if not case.training])
    return cases


def _check_truth(study: Study, cases: list[Case]) -> None:
    """Raise :class:`BadInputError` where the study has a truth and no case is positive."""
    if study.truth is None or any(case.positive for case in cases):
        return
    rows = read_cohort(study.cohort).rows
    values = {row.outcomes.get(study.truth.column, "") for row in rows}
    known = ", ".join(sorted(repr(value) for value in values if not is_missing(value)))
    raise BadInputError(
        f"{study.cohort}: none of the {len(cases)} cases is positive, that is, has {study.truth.positive!r} in column "
        f"{study.truth.column!r}, so that no accuracy can be measured.",
        f"the column has {known}: name the positive one under truth in the study, or add cases",
    )


def _wanted(study: Study, found: dict[str, dict[str, CohortRow]]) -> list[str]:
    both = sorted(set(study.cases or ()) & set(study.training))
    if both:
        raise BadInputError(f"The case {both[0]!r} is both a training case and a case of the study.")
    if study.cases is not None:
        return [*dict.fromkeys(study.cases), *study.training]
    complete = [name for name, arms in found.items() if len(arms) == len(study.arms) and name not in study.training]
    return [*complete, *study.training]


def _case(study: Study, name: str, arms: dict[str, CohortRow]) -> Case:
    missing = [arm for arm in study.arms if arm.name not in arms]
    if missing:
        raise BadInputError(f"{study.cohort}: {name} has no image of role {missing[0].role!r} (arm {missing[0].name}).")
    training = name in study.training
    images = {arm.name: arms[arm.name].image for arm in study.arms}
    return Case(name, training, _positive(study, name, arms, training), images)


def _positive(study: Study, name: str, arms: dict[str, CohortRow], training: bool) -> bool | None:
    if study.truth is None:
        return None
    texts = [row.outcomes.get(study.truth.column, "") for row in arms.values()]
    values = {text for text in texts if not is_missing(text)}
    if len(values) > 1:
        raise BadInputError(f"{study.cohort}: {name} has several values of {study.truth.column!r}.")
    if not values:
        if training:
            return None
        raise BadInputError(f"{study.cohort}: {name} has no value of {study.truth.column!r}, the study's truth.")
    return values == {study.truth.positive}
