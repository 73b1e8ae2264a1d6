"""From a cohort and its features to what a model learns from: the same visits for every arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, CohortRow
from crosscontrast.radiomics.extraction.table import FeatureTable

Visit = tuple[str, str]
_MISSING = ("", "n/a", "nan")


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
    """The outcome of each visit that has one; ``positive`` names the class that counts as 1."""

    visits: list[Visit]
    truth: np.ndarray
    positive: str
    negative: str

    @property
    def subjects(self) -> list[str]:
        """The subject of each visit."""
        return [subject for subject, _ in self.visits]

    def keep(self, visits: Sequence[Visit]) -> "Labels":
        """Return the labels of these visits only."""
        kept = [number for number, visit in enumerate(self.visits) if visit in set(visits)]
        return Labels([self.visits[k] for k in kept], self.truth[kept], self.positive, self.negative)


def read_labels(cohort: Cohort, column: str, positive: str | None = None) -> Labels:
    """Return the outcome of every visit in the column of a cohort; rows without a value are left out.

    ``positive`` is by default the class whose name comes last. Raises :class:`BadInputError` where there is no such
    column, a visit has two outcomes, or there are not exactly two classes.
    """
    found: dict[Visit, str] = {}
    if not any(column in row.outcomes for row in cohort.rows):
        known = ", ".join(sorted({name for row in cohort.rows for name in row.outcomes})) or "none"
        raise BadInputError(f"{cohort.path} has no column {column!r} (outcome columns: {known}).")
    for row in cohort.rows:
        value = row.outcomes.get(column, "")
        if value.lower() in _MISSING:
            continue
        if found.setdefault((row.subject, row.session), value) != value:
            raise BadInputError(
                f"{cohort.path}: {row.subject} {row.session} has two outcomes in {column!r}: "
                f"{found[row.subject, row.session]!r} and {value!r}."
            )
    classes = sorted(set(found.values()))
    if len(classes) != 2:
        what = f"only {classes[0]!r}" if len(classes) == 1 else f"{len(classes) or 'no'} values"
        raise BadInputError(f"{cohort.path}: the outcome {column!r} has {what}; two classes are needed.")
    if positive is not None and positive not in classes:
        raise BadInputError(f"{cohort.path}: the outcome {column!r} has no value {positive!r}, only {classes}.")
    chosen = positive or classes[1]
    visits = list(found)
    truth = np.array([found[visit] == chosen for visit in visits])
    return Labels(visits, truth, chosen, next(name for name in classes if name != chosen))


def common_visits(table: FeatureTable, labels: Labels, arms: Sequence[Arm]) -> list[Visit]:
    """Return the visits with an outcome for which every role of every arm has features."""
    roles = {role for arm in arms for role in arm.roles}
    having = [{row.visit for row in table.of_role(role)} for role in sorted(roles)]
    return [visit for visit in labels.visits if all(visit in visits for visits in having)]


def check_classes(labels: Labels, folds: int, source: str) -> None:
    """Raise :class:`BadInputError` where a class has too few subjects to be in every fold."""
    for name, chosen in ((labels.positive, labels.truth), (labels.negative, ~labels.truth)):
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
