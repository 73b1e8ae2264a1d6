"""The subjects on which a model is tested and never trained."""

import random
from collections.abc import Sequence

from crosscontrast.errors import BadInputError


def choose_test_subjects(
    there: Sequence[str],
    fixed: tuple[str, ...] | None,
    asked: Sequence[str] | None,
    *,
    share: float,
    seed: int,
) -> tuple[str, ...]:
    """Return the test subjects of a dataset with the subjects ``there``, of which ``fixed`` are frozen already.

    ``asked`` names them; ``None`` means the fixed ones or else a ``share`` drawn by lot. Raises :class:`BadInputError`
    where others are fixed, for a subject that is not there, and where none would be left to test or to train on.
    """
    if asked is None and fixed is not None:
        return fixed
    chosen = _drawn(there, share, seed) if asked is None else sorted({s.removeprefix("sub-") for s in asked})
    if fixed is not None and tuple(chosen) != fixed:
        raise BadInputError(
            f"The test subjects are fixed already: {', '.join(fixed)}.",
            "with others, figures before and after would not be comparable",
        )
    missing = sorted(set(chosen) - set(there))
    if missing:
        raise BadInputError(f"There is no subject {', '.join(missing)}.", f"there are: {', '.join(there) or 'none'}")
    if not chosen or set(chosen) == set(there):
        raise BadInputError("At least one subject is needed to test on and one to train on.")
    return tuple(chosen)


def _drawn(subjects: Sequence[str], share: float, seed: int) -> list[str]:
    count = max(1, round(share * len(subjects)))
    return sorted(random.Random(seed).sample(sorted(subjects), min(count, len(subjects))))
