"""The batches that ComBat is asked to remove: whose they are, and whether they can be removed at all."""

from collections import Counter

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort
from crosscontrast.ground.consistency import name_some
from crosscontrast.ground.tables import is_missing
from crosscontrast.radiomics.outcome.samples import Labels, Visit


def read_batches(cohort: Cohort, column: str, labels: Labels) -> tuple[str, ...]:
    """Return the batch of every visit of ``labels``.

    Raises :class:`BadInputError` with the reason where ComBat could learn nothing, or would remove the outcome: a visit
    without a batch or with two, one batch, a batch of one subject, and batches that have one outcome each.
    """
    found: dict[Visit, str] = {}
    for row in cohort.rows:
        value = row.outcomes.get(column, "")
        if not is_missing(value) and found.setdefault((row.subject, row.session), value) != value:
            raise BadInputError(
                f"{cohort.path}: {row.subject} {row.session} has two values in {column!r}: a batch belongs to "
                "a visit, never to the kind of image, or ComBat would remove what is to be measured."
            )
    missing = [visit for visit in labels.visits if visit not in found]
    if missing:
        raise BadInputError(f"{cohort.path}: {' '.join(missing[0]).strip()} has no value in column {column!r}.")
    batches = tuple(found[visit] for visit in labels.visits)
    _check(f"{cohort.path}: the batches in {column!r}", batches, labels)
    return batches


def _check(what: str, batches: tuple[str, ...], labels: Labels) -> None:
    names = np.array(batches)
    whose = Counter(batch for batch, _ in {*zip(batches, labels.subjects, strict=True)})
    if len(whose) == 1:
        raise BadInputError(
            f"{what} are all {batches[0]!r}: ComBat compares batches, and there is one.", "leave out --batch"
        )
    alone = [name for name, count in whose.items() if count == 1]
    if alone:
        who = {labels.subjects[k] for k in np.flatnonzero(np.isin(names, alone))}
        raise BadInputError(
            f"{what} have one of a single subject ({name_some(alone)}: {name_some(sorted(who))}): ComBat cannot part "
            "what the batch does from what the subject has.",
            "join it with a batch of the same scanner, leave the subject out, or leave out --batch",
        )
    if labels.truth.all() or not labels.truth.any():  # everybody had the event: only when is to be predicted
        return
    shares = {name: float(labels.truth[names == name].mean()) for name in whose}
    if all(share in (0.0, 1.0) for share in shares.values()):
        told = ", ".join(f"{n} only {(labels.positive if s else labels.negative)!r}" for n, s in sorted(shares.items()))
        raise BadInputError(
            f"{what} coincide with the outcome ({told}): to remove the batch would be to remove the outcome, and to "
            "keep it would be to take a difference of scanners for the outcome.",
            "a cohort that can answer has both outcomes in a batch",
        )
