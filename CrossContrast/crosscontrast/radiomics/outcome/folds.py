"""Folds that keep a subject together and the classes balanced, and scores from models that never saw the subject."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from crosscontrast.progress import Progress, silent

#: Fits on the rows of the first array and returns a score in [0, 1] for each of the rows of the second.
FitAndScore = Callable[[np.ndarray, np.ndarray], np.ndarray]


def grouped_folds(
    truth: np.ndarray, subjects: Sequence[str], folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield training and held-out rows of every fold; no subject is in both.

    Raises :class:`ValueError` where a class has fewer subjects than folds.
    """
    yield from _splits(tuple(map(bool, truth)), tuple(subjects), folds, seed)


@lru_cache(maxsize=64)
def _splits(
    truth: tuple[bool, ...], subjects: tuple[str, ...], folds: int, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    # Scores are cut into the same parts for every measure, and a cut takes as long as fitting a linear model.
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return tuple(splitter.split(np.zeros((len(truth), 1)), truth, subjects))


def held_out_scores(
    fit_and_score: FitAndScore,
    truth: np.ndarray,
    subjects: Sequence[str],
    *,
    folds: int,
    repeats: int,
    seed: int,
    report: Progress = silent,
) -> np.ndarray:
    """Return a score for every row from models trained without its subject (repeats x rows).

    The folds depend on the seed only, so that arms and models meet the same ones and can be compared in pairs.
    """
    scores = np.zeros((repeats, len(truth)))
    for repeat in range(repeats):
        for number, (train, test) in enumerate(grouped_folds(truth, subjects, folds, seed + repeat)):
            report(repeat * folds + number, repeats * folds, f"fold {number + 1} of {folds}")
            scores[repeat, test] = fit_and_score(train, test)
    return scores


def by_part(
    measure: Callable[[np.ndarray, np.ndarray], float],
    scores: np.ndarray,
    truth: np.ndarray,
    subjects: Sequence[str],
    seed: int,
    folds: int,
) -> np.ndarray:
    """Return ``measure`` of the scores and the truth of every held-out part (repeats x folds).

    ``scores`` are those of :func:`held_out_scores` with the same folds and seed. Only within a part are scores those of
    one model, and can be put in one order.
    """
    return np.array(
        [
            [measure(row[test], truth[test]) for _, test in grouped_folds(truth, subjects, folds, seed + repeat)]
            for repeat, row in enumerate(scores)
        ]
    )
