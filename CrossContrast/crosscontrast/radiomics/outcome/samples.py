"""From a cohort and its features to what a model learns from: the same visits for every arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, CohortRow
from crosscontrast.ground.consistency import name_some
from crosscontrast.ground.tables import is_missing
from crosscontrast.radiomics.extraction.table import FeatureTable

Visit = tuple[str, str]
#: Pairs of names, in small letters, of which nobody doubts that the second one is the positive class.
_OBVIOUS = (("0", "1"), ("0.0", "1.0"), ("no", "yes"), ("n", "y"), ("false", "true"), ("negative", "positive"))


@dataclass(frozen=True)
class Arm:
    """The images that a prediction is made from: one role, or several together (``us+synthetic``)."""

    name: str

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles."""
        return tuple(part.strip() for part in self.name.split("+"))


@dataclass(frozen=True)
class Labels:
    """The outcome of each visit that has one; ``positive`` names the class that counts as 1.

    ``times`` are those of the event, or until when there was none, where the outcome has a time. ``missing`` names the
    subjects of visits without an outcome.
    """

    visits: list[Visit]
    truth: np.ndarray
    positive: str
    negative: str
    times: np.ndarray | None = None
    missing: tuple[str, ...] = ()

    @property
    def subjects(self) -> list[str]:
        """The subject of each visit."""
        return [subject for subject, _ in self.visits]

    def keep(self, visits: Sequence[Visit]) -> "Labels":
        """Return the labels of these visits only."""
        kept = [number for number, visit in enumerate(self.visits) if visit in set(visits)]
        times = None if self.times is None else self.times[kept]
        return replace(self, visits=[self.visits[k] for k in kept], truth=self.truth[kept], times=times)


def read_labels(cohort: Cohort, column: str, positive: str | None = None, time: str | None = None) -> Labels:
    """Return the outcome of every visit in the column of a cohort; visits without a value are left out.

    ``positive`` may be left out where it is obvious, as of 0 and 1 or no and yes. With ``time``, a column of numbers
    above 0, the positive class is an event at that time, and the other one says that there was none until then. Raises
    :class:`BadInputError` where there is no such column, a visit has two values, there are not exactly two classes
    (with a time one is enough), or nobody can know which is the positive one.
    """
    found = _column(cohort, column)
    classes = sorted(set(found.values()))
    if len(classes) != 2 and not (time and len(classes) == 1):
        what = f"only {classes[0]!r}" if len(classes) == 1 else f"{len(classes) or 'no'} values"
        listed = f" ({name_some(classes)})" if len(classes) > 2 else ""
        raise BadInputError(
            f"{cohort.path}: the outcome {column!r} has {what}{listed}; two classes are needed.",
            "a time until an event is given as --time, and the event as the outcome" if len(classes) > 2 else "",
        )
    if positive is not None and positive not in classes:
        raise BadInputError(f"{cohort.path}: the outcome {column!r} has no value {positive!r}, only {classes}.")
    chosen = positive or _obvious(classes)
    if chosen is None:
        names = " or ".join(map(repr, classes))
        raise BadInputError(
            f"{cohort.path}: nothing says which value of {column!r} is the positive class, {names}.",
            f"name it, as in --positive {classes[0]}",
        )
    times = _times(cohort, time, found) if time else {}
    visits = [visit for visit in found if not time or visit in times]
    everybody = {(row.subject, row.session): row.subject for row in cohort.rows}
    return Labels(
        visits=visits,
        truth=np.array([found[visit] == chosen for visit in visits]),
        positive=chosen,
        negative=next((name for name in classes if name != chosen), f"not {chosen}"),
        times=np.array([times[visit] for visit in visits]) if time else None,
        missing=tuple(dict.fromkeys(name for visit, name in everybody.items() if visit not in set(visits))),
    )


def _column(cohort: Cohort, column: str) -> dict[Visit, str]:
    """Return the value of each visit that has one."""
    found: dict[Visit, str] = {}
    if not any(column in row.outcomes for row in cohort.rows):
        known = ", ".join(sorted({name for row in cohort.rows for name in row.outcomes})) or "none"
        raise BadInputError(f"{cohort.path} has no column {column!r} (outcome columns: {known}).")
    for row in cohort.rows:
        value = row.outcomes.get(column, "")
        if is_missing(value):
            continue
        if found.setdefault((row.subject, row.session), value) != value:
            raise BadInputError(
                f"{cohort.path}: {row.subject} {row.session} has two outcomes in {column!r}: "
                f"{found[row.subject, row.session]!r} and {value!r}."
            )
    return found


def _obvious(classes: Sequence[str]) -> str | None:
    small = {name.lower(): name for name in classes}
    for negative, positive in _OBVIOUS:
        if positive in small and small.keys() <= {negative, positive}:
            return small[positive]
    return None


def _times(cohort: Cohort, column: str, of: Mapping[Visit, str]) -> dict[Visit, float]:
    found = {}
    for visit, text in _column(cohort, column).items():
        try:
            found[visit] = float(text)
        except ValueError:
            found[visit] = float("nan")
        if visit in of and not 0 < found[visit] < float("inf"):
            who = " ".join(visit).strip()
            raise BadInputError(f"{cohort.path}: {who} has {column} {text!r}; a time is a number above 0.")
    return found


def common_visits(table: FeatureTable, labels: Labels, arms: Sequence[Arm]) -> list[Visit]:
    """Return the visits with an outcome for which every role of every arm has features."""
    roles = {role for arm in arms for role in arm.roles}
    having = [{row.visit for row in table.of_role(role)} for role in sorted(roles)]
    return [visit for visit in labels.visits if all(visit in visits for visits in having)]


def check_classes(labels: Labels, folds: int, source: str) -> None:
    """Raise :class:`BadInputError` where a class has too few subjects to be in every fold."""
    classes = [(labels.positive, labels.truth), (labels.negative, ~labels.truth)]
    # With a time, those without the event need not be in every fold.
    for name, chosen in classes if labels.times is None else classes[:1]:
        count = len({s for s, is_it in zip(labels.subjects, chosen, strict=True) if is_it})
        if count < folds:
            raise BadInputError(
                f"{source}: the subjects with outcome {name!r} and all images are too few for {folds} folds: {count}."
            )


def design(table: FeatureTable, arm: Arm, visits: Sequence[Visit]) -> tuple[np.ndarray, list[str]]:
    """Return visits x features of an arm and the features' names, which begin with the role where there are several."""
    blocks, names = [], []
    for role in arm.roles:
        rows = {row.visit: row for row in table.of_role(role)}
        blocks.append(table.values([rows[visit] for visit in visits], table.names))
        names += [f"{role}:{name}" if len(arm.roles) > 1 else name for name in table.names]
    return np.concatenate(blocks, axis=1), names


def images_of(cohort: Cohort, arm: Arm, visits: Sequence[Visit]) -> list[list[tuple[Path, Path]]]:
    """Return for each visit the image and mask of each role of an arm.

    A role without a mask takes one of another role of the visit. Raises :class:`BadInputError` without any.
    """
    rows: Mapping[tuple[Visit, str], CohortRow] = {((r.subject, r.session), r.role): r for r in cohort.rows}
    found = []
    for visit in visits:
        masks = [r.mask for (other, _), r in rows.items() if other == visit and r.mask]
        files = []
        for role in arm.roles:
            row = rows[visit, role]
            mask = row.mask or (masks[0] if masks else None)
            if mask is None:
                raise BadInputError(f"{cohort.path}: {' '.join(visit).strip()} has no mask, which the CNN needs.")
            files.append((row.image, mask))
        found.append(files)
    return found
