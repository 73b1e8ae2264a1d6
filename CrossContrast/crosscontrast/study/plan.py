"""Who is translated by what: no subject by a translator that learned from it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, CohortRow

Pair = tuple[CohortRow, CohortRow]


@dataclass(frozen=True)
class Share:
    """The pairs of source and target that one translator translates, and those that it learns from beforehand.

    ``learn`` is empty where the translator is a finished model.
    """

    name: str
    learn: tuple[Pair, ...]
    translate: tuple[Pair, ...]

    def rows(self) -> list[CohortRow]:
        """Return the rows of a table to train with: splits ``train`` and ``test``, and nothing about outcomes."""
        found = []
        for split, pairs in (("train", self.learn), ("test", self.translate)):
            found += [row.model_copy(update={"split": split, "outcomes": {}}) for pair in pairs for row in pair]
        return found


def pairs_of(cohort: Cohort, source: str, target: str) -> list[Pair]:
    """Return all pairs; raises :class:`BadInputError` where a role is absent or an image of it has no partner."""
    known = list(dict.fromkeys(row.role for row in cohort.rows))
    absent = [role for role in (source, target) if role not in known]
    if absent:
        raise BadInputError(f"{cohort.path} has no image of role {', '.join(absent)}, only {', '.join(known)}.")
    # The other way round first, so that an image of either role without a partner is named.
    list(cohort.pairs(target, source))
    pairs = list(cohort.pairs(source, target))
    for pair in pairs:
        if not any(row.mask for row in pair):
            raise BadInputError(
                f"{cohort.path}: {visit_name(pair[0])} has no mask, and features are those of a region."
            )
    return pairs


def cross_fit(pairs: Sequence[Pair], folds: int, seed: int, source: str) -> list[Share]:
    """Share the subjects out into folds at random; each fold is translated by what learned from the others."""
    subjects = list(dict.fromkeys(row.subject for row, _ in pairs))
    if len(subjects) < 2 * folds:
        raise BadInputError(
            f"{source}: {len(subjects)} subjects are too few for {folds} translators (at least {2 * folds})."
        )
    order = np.random.default_rng(seed).permutation(len(subjects))
    fold_of = {subjects[k]: place % folds for place, k in enumerate(order.tolist())}
    return [
        Share(
            name=f"fold-{fold + 1}",
            learn=tuple(pair for pair in pairs if fold_of[pair[0].subject] != fold),
            translate=tuple(pair for pair in pairs if fold_of[pair[0].subject] == fold),
        )
        for fold in range(folds)
    ]


def frozen_split(pairs: Sequence[Pair], source: str) -> list[Share]:
    """Learn from the split ``train`` and translate the split ``test``; the table's other subjects take no part."""
    learn, translate = (tuple(pair for pair in pairs if pair[0].split == split) for split in ("train", "test"))
    for split, found in (("train", learn), ("test", translate)):
        if not found:
            raise BadInputError(f"{source} has no pair in the split {split!r}.", "or leave the split to --folds")
    return [Share("train", learn, translate)]


def unseen(pairs: Sequence[Pair], source: str, *, all_unseen: bool) -> list[Share]:
    """Translate with a finished model: the split ``test``, or everybody where nobody was trained on."""
    chosen = tuple(pair for pair in pairs if all_unseen or pair[0].split == "test")
    if not chosen:
        raise BadInputError(
            f"{source} has no pair in the split 'test', and a model must not translate those that it learned from.",
            "--unseen, if the model was trained on none of these subjects",
        )
    return [Share("model", (), chosen)]


def visit_name(row: CohortRow) -> str:
    """Return subject and session for people."""
    return f"{row.subject} {row.session}".strip()


def folder_name(number: int, row: CohortRow) -> str:
    """Return the name of a folder for a visit that is one on every system, whatever the subject is called."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", visit_name(row))
    return f"{number + 1:04d}_{safe}"
