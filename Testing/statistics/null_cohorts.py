"""Cohorts whose features know nothing of the outcome, or as much as wanted, and what the tests say of them."""

from dataclasses import dataclass

import numpy as np

from crosscontrast.radiomics.outcome.folds import FitAndScore, held_out_scores
from crosscontrast.radiomics.outcome.settings import OutcomeSettings
from crosscontrast.radiomics.outcome.summary import compare_arms, performance
from crosscontrast.radiomics.outcome.tabular import tabular_scorer


@dataclass(frozen=True)
class Design:
    """A kind of cohort: two arms of the same images, whose features are alike within a subject.

    ``effects`` shift the first three features of each arm in the positive class, in standard deviations. ``model`` is
    one of the outcome's, or ``ridge``, which takes no time.
    """

    subjects: int
    images: int
    model: str = "ridge"
    features: int = 30
    effects: tuple[float, float] = (0.0, 0.0)
    folds: int = 5
    repeats: int = 5


def missed(design: Design, cohorts: int, first: int = 0) -> tuple[float, float]:
    """Return the share of cohorts whose interval of the first arm's area lacks .5, and that call the arms different."""
    found = [_judge(design, first + seed) for seed in range(cohorts)]
    area, pair = np.mean(found, axis=0)
    return float(area), float(pair)


def _judge(design: Design, seed: int) -> tuple[bool, bool]:
    truth, arms, subjects = _cohort(design, np.random.default_rng(seed))
    settings = OutcomeSettings(folds=design.folds, repeats=design.repeats, trees=50, inner_folds=2)
    scores = {}
    for name, values in arms.items():
        scorer = (
            _ridge(values, truth) if design.model == "ridge" else _scorer(design, values, truth, subjects, settings)
        )
        how = {"folds": settings.folds, "repeats": settings.repeats, "seed": 0}
        scores[name, design.model] = held_out_scores(scorer, truth, subjects, **how)
    one = performance("a", design.model, scores["a", design.model], truth, subjects, 0, settings.folds)
    (test,) = compare_arms(scores, truth, subjects, 0, settings.folds)
    assert one.auc_low is not None
    assert test.p is not None
    return not one.auc_low <= 0.5 <= one.auc_high, test.p < 0.05


def _cohort(design: Design, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray], list[str]]:
    n, k = design.subjects, design.images
    truth = np.repeat(rng.permutation(np.arange(n) % 2 == 0), k)
    arms = {}
    for name, effect in zip("ab", design.effects, strict=True):
        subject = np.repeat(rng.normal(size=(n, design.features)), k, axis=0)
        values = np.sqrt(0.7) * subject + np.sqrt(0.3) * rng.normal(size=(n * k, design.features))
        values[:, :3] += effect * truth[:, None]
        arms[name] = values
    return truth, arms, [f"s{number // k}" for number in range(n * k)]


def _scorer(design: Design, values, truth, subjects, settings) -> FitAndScore:
    return tabular_scorer(design.model, values, truth, subjects, settings)


def _ridge(values: np.ndarray, truth: np.ndarray, penalty: float = 10.0) -> FitAndScore:
    def fit_and_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        mean, spread = values[train].mean(0), values[train].std(0)
        seen, new = (values[train] - mean) / spread, (values[test] - mean) / spread
        target = truth[train] - truth[train].mean()
        weights = np.linalg.solve(seen.T @ seen + penalty * np.eye(seen.shape[1]), seen.T @ target)
        return np.clip(new @ weights + 0.5, 0, 1)

    return fit_and_score
