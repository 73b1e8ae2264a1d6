"""Models of features: forests and logistic regression, with everything that is fitted inside one pipeline."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin

from crosscontrast.radiomics.outcome.combat import ComBat
from crosscontrast.radiomics.outcome.folds import FitAndScore, grouped_folds
from crosscontrast.radiomics.outcome.settings import ModelName, OutcomeSettings

_LEAVES = [1, 3]
_STRENGTHS = [0.003, 0.03, 0.3, 3.0]
_COMPONENTS = [5, 10, 20]


def tabular_scorer(
    model: ModelName,
    features: np.ndarray,
    truth: np.ndarray,
    subjects: Sequence[str],
    settings: OutcomeSettings,
    batches: np.ndarray | None = None,
) -> FitAndScore:
    """Return a function that fits ``model`` on some rows of ``features`` and scores others.

    Missing values, constant features, scale, principal components, batch effects (``batches``: a number per row) and
    the model's own settings are all learned from the training rows alone.
    """
    names = np.asarray(subjects)
    table = features if batches is None else np.column_stack([batches, features])

    def fit_and_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        from sklearn.model_selection import GridSearchCV

        pipeline, grid = _pipeline(model, settings, len(train), features.shape[1], harmonise=batches is not None)
        inner = _inner_folds(truth[train], names[train].tolist(), settings)
        if inner:
            search = GridSearchCV(pipeline, grid, scoring="roc_auc", cv=inner, error_score="raise")
            fitted = search.fit(table[train], truth[train])
        else:
            fitted = pipeline.fit(table[train], truth[train])
        scores: np.ndarray = fitted.predict_proba(table[test])[:, 1]
        return scores

    return fit_and_score


class Varying(SelectorMixin, BaseEstimator):
    """Keeps the features that vary over the training rows; the first one where none does, so that nobody is told apart.

    (scikit-learn's own raises an error then, which would end a study for one unlucky fold.)
    """

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Find them."""
        self.n_features_in_ = X.shape[1]
        self.kept_ = np.ptp(X, axis=0) > 0
        if not self.kept_.any():
            self.kept_[0] = True
        return self

    def _get_support_mask(self) -> np.ndarray:
        mask: np.ndarray = self.kept_
        return mask


def _inner_folds(
    truth: np.ndarray, subjects: list[str], settings: OutcomeSettings
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the inner folds; none where a class has too few subjects, and the model's defaults are taken."""
    fewest = min(len({s for s, t in zip(subjects, truth, strict=True) if bool(t) is kind}) for kind in (True, False))
    if fewest < settings.inner_folds:
        return []
    return list(grouped_folds(truth, subjects, settings.inner_folds, settings.seed))


def preparation(harmonise: bool) -> list[tuple[str, Any]]:
    """Return the steps before every model: missing values, batches (the first column, if so), what varies, scale."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    steps: list[tuple[str, Any]] = [("fill", SimpleImputer(strategy="median", keep_empty_features=True))]
    if harmonise:
        steps.append(("harmonise", ComBat()))
    return [*steps, ("varies", Varying()), ("scale", StandardScaler())]


def _pipeline(
    model: ModelName, settings: OutcomeSettings, rows: int, columns: int, *, harmonise: bool
) -> tuple[Any, dict[str, list[Any]]]:
    from sklearn.decomposition import PCA
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    steps = preparation(harmonise)
    if model == "logistic":
        steps.append(("model", LogisticRegression(max_iter=2000, class_weight="balanced", C=_STRENGTHS[1])))
        return Pipeline(steps), {"model__C": _STRENGTHS}
    grid: dict[str, list[Any]] = {"model__min_samples_leaf": _LEAVES}
    if model == "pca-random-forest":
        # Inner training parts are smaller than the outer one, and components cannot outnumber their rows.
        most = max(1, min(rows * (settings.inner_folds - 1) // settings.inner_folds - 1, columns))
        choices = [count for count in _COMPONENTS if count < most] or [max(1, most // 2)]
        steps.append(("components", PCA(choices[0], random_state=settings.seed)))
        grid["components__n_components"] = choices
    forest = RandomForestClassifier(settings.trees, class_weight="balanced", random_state=settings.seed, n_jobs=1)
    steps.append(("model", forest))
    return Pipeline(steps), grid
