"""Cox's model on principal components of the features, with everything that is fitted inside the folds."""

import warnings
from collections.abc import Sequence

import numpy as np

from crosscontrast.errors import MissingPackageError
from crosscontrast.radiomics.outcome.folds import FitAndScore, grouped_folds
from crosscontrast.radiomics.outcome.settings import OutcomeSettings
from crosscontrast.radiomics.outcome.tabular import preparation
from crosscontrast.statistics.concordance import concordance

#: Numbers of components to choose from.
_COMPONENTS = (1, 2, 4, 8)
#: Fewer events per component than this and Cox's coefficients are those of the sample (Peduzzi et al., J Clin Epidemiol
#: 48:1503-1510, 1995, advise ten; the number is chosen by inner folds besides).
_EVENTS = 5


def require_statsmodels() -> None:
    """Raise :class:`MissingPackageError` where Cox's model cannot be fitted, before any work."""
    try:
        import statsmodels.duration.hazard_regression  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            f"Outcomes with a time need the package statsmodels: {error}.", "pip install 'crosscontrast[survival]'"
        ) from error


def cox_scorer(
    features: np.ndarray,
    events: np.ndarray,
    times: np.ndarray,
    subjects: Sequence[str],
    settings: OutcomeSettings,
    batches: np.ndarray | None = None,
) -> FitAndScore:
    """Return a function that fits Cox's model (Efron's ties) on some rows of ``features`` and scores others.

    A score is the share of the training rows that are at lower risk, so that those of different folds can be compared.
    Missing values, batch effects, scale, principal components and their number (by concordance in inner folds) are
    learned from the training rows alone.
    """
    names = np.asarray(subjects)
    table = features if batches is None else np.column_stack([batches, features])
    harmonise = batches is not None

    def fit_and_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        most = max(1, min(int(events[train].sum()) // _EVENTS, len(train) // 3, features.shape[1]))
        counts = [count for count in _COMPONENTS if count <= most]
        inner = _inner_folds(events[train], names[train], settings)
        if len(counts) == 1 or not inner:
            return risk(train, test, counts[0])
        scores = {
            count: np.nanmean(
                [concordance(risk(train[a], train[b], count), times[train[b]], events[train[b]]) for a, b in inner]
            )
            for count in counts
        }
        return risk(train, test, max(counts, key=lambda count: np.nan_to_num(scores[count])))

    def risk(train: np.ndarray, test: np.ndarray, count: int) -> np.ndarray:
        seen, new = _components(table[train], table[test], count, harmonise, settings.seed)
        weights = _cox(seen, times[train], events[train])
        own, others = np.sort(seen @ weights), new @ weights
        # Half of the equal ones, so that nobody is at a higher risk where nothing is known.
        places = np.searchsorted(own, others, "left") + np.searchsorted(own, others, "right")
        shares: np.ndarray = places / (2 * len(own))
        return shares

    return fit_and_score


def _components(
    train: np.ndarray, test: np.ndarray, count: int, harmonise: bool, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.decomposition import PCA
    from sklearn.pipeline import Pipeline

    # Whitened: coefficients are then of one size, which keeps Newton's method within reach.
    prepared = Pipeline(preparation(harmonise)).fit(train)
    values = prepared.transform(train)
    components = PCA(min(count, *values.shape), whiten=True, random_state=seed).fit(values)
    return components.transform(values), components.transform(prepared.transform(test))


def _cox(components: np.ndarray, times: np.ndarray, events: np.ndarray) -> np.ndarray:
    """Return Cox's log hazard ratios; 0, which orders nobody, where they have no finite estimate."""
    from statsmodels.duration.hazard_regression import PHReg

    with warnings.catch_warnings():  # of separation, after which there is an order all the same
        warnings.simplefilter("ignore")
        try:
            found = PHReg(times, components, status=events.astype(int), ties="efron").fit(disp=0).params
        except (np.linalg.LinAlgError, ValueError):
            return np.zeros(components.shape[1])
    weights: np.ndarray = found if np.isfinite(found).all() else np.zeros(components.shape[1])
    return weights


def _inner_folds(
    events: np.ndarray, names: np.ndarray, settings: OutcomeSettings
) -> list[tuple[np.ndarray, np.ndarray]]:
    if len(set(names[events])) < settings.inner_folds:
        return []
    # Where everybody had the event there is nothing to stratify by.
    return list(grouped_folds(events, names.tolist(), settings.inner_folds, settings.seed))
