"""ComBat: removing the effect of a known batch (scanner, site) from features, learned on training rows only."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

#: The empirical Bayes estimates have settled when they change by less than this share.
_SETTLED = 1e-4
_MOST_ROUNDS = 200


class ComBat(TransformerMixin, BaseEstimator):
    """Parametric ComBat (Johnson et al., Biostatistics 8:118-127, 2007) as a step of a scikit-learn pipeline.

    The first column of X numbers the batch of every row; it is taken away. A batch unknown from training, or with a
    single training row, is left as it is, because nothing is known of its effect. The outcome is no covariate: the
    model that follows would learn it from there. Batches must be real ones: given the kind of image, real or
    synthetic, as a batch it would remove what is to be measured.
    """

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Learn location and scale of every batch, shrunk to what batches have in common over the features."""
        batch, values = X[:, 0], X[:, 1:]
        self.batches_ = [b for b in np.unique(batch) if np.count_nonzero(batch == b) > 1]
        rows = {b: batch == b for b in self.batches_}
        self.n_features_in_ = X.shape[1]
        self.location_: dict[float, np.ndarray] = {}
        self.scale_: dict[float, np.ndarray] = {}
        used = np.isin(batch, self.batches_)
        if len(self.batches_) < 2:
            return self
        means = np.stack([values[rows[b]].mean(0) for b in self.batches_])
        counts = np.array([rows[b].sum() for b in self.batches_])
        self.mean_ = counts @ means / counts.sum()
        residual = np.concatenate([values[rows[b]] - means[k] for k, b in enumerate(self.batches_)])
        deviation = np.sqrt((residual**2).sum(0) / used.sum())
        self.deviation_ = np.where(deviation > 0, deviation, 1.0)
        for b in self.batches_:
            standard = (values[rows[b]] - self.mean_) / self.deviation_
            self.location_[b], self.scale_[b] = _shrunk(standard[:, deviation > 0], deviation > 0)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Remove the batches' effects."""
        batch, values = X[:, 0], X[:, 1:].copy()
        for b, location in self.location_.items():
            mine = batch == b
            standard = (values[mine] - self.mean_) / self.deviation_
            values[mine] = (standard - location) / self.scale_[b] * self.deviation_ + self.mean_
        return values


def _shrunk(standard: np.ndarray, varying: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return location and scale of a batch (rows x varying features) by empirical Bayes; 0 and 1 where nothing varies.

    Priors are normal for the location and inverse gamma for the variance, by moments over the features.
    """
    n = len(standard)
    mean, variance = standard.mean(0), standard.var(0, ddof=1)
    prior_mean, prior_spread = mean.mean(), mean.var(ddof=1) if len(mean) > 1 else 0.0
    level, spread = variance.mean(), variance.var(ddof=1) if len(variance) > 1 else 0.0
    location, scale = np.zeros(len(varying)), np.ones(len(varying))
    if not spread > 0 or not prior_spread > 0:
        location[varying], scale[varying] = mean, np.sqrt(np.where(variance > 0, variance, 1.0))
        return location, scale
    shape, rate = level**2 / spread + 2, level**3 / spread + level
    found, squared = mean.copy(), variance.copy()
    for _ in range(_MOST_ROUNDS):
        new = (n * prior_spread * mean + squared * prior_mean) / (n * prior_spread + squared)
        total = ((standard - new) ** 2).sum(0)
        new_squared = (rate + total / 2) / (n / 2 + shape - 1)
        change = max(np.abs(new - found).max(), np.abs(new_squared / squared - 1).max() if (squared > 0).all() else 1)
        found, squared = new, new_squared
        if change < _SETTLED:
            break
    location[varying], scale[varying] = found, np.sqrt(squared)
    return location, scale
