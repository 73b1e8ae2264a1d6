"""Nothing that is held out reaches a model: what only leaks predicts nothing."""

import numpy as np
import pytest

from crosscontrast.radiomics.outcome.combat import ComBat
from crosscontrast.radiomics.outcome.folds import grouped_folds, held_out_scores
from crosscontrast.radiomics.outcome.settings import OutcomeSettings
from crosscontrast.radiomics.outcome.tabular import tabular_scorer
from crosscontrast.statistics.roc import area_estimate

SETTINGS = OutcomeSettings(trees=15, folds=4, inner_folds=2)


def scores_of(model, features, truth, subjects, batches=None, settings=SETTINGS) -> np.ndarray:
    scorer = tabular_scorer(model, features, truth, subjects, settings, batches)
    return held_out_scores(scorer, truth, subjects, folds=settings.folds, repeats=1, seed=settings.seed)[0]


def names(count: int, images: int = 1) -> list[str]:
    return [f"s{k // images}" for k in range(count)]


@pytest.fixture
def noise() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(40, 60)), np.arange(40) % 2 == 0


def test_no_subject_is_on_both_sides_and_every_image_is_held_out_once():
    truth = np.repeat([True, False], 30)
    subjects = names(60, images=3)
    held = []
    for train, test in grouped_folds(truth, subjects, 5, 0):
        assert not {subjects[k] for k in train} & {subjects[k] for k in test}
        assert 0 < truth[test].mean() < 1
        held += list(test)
    assert sorted(held) == list(range(60))


@pytest.mark.parametrize("model", ["random-forest", "pca-random-forest", "logistic"])
def test_a_change_of_one_held_out_image_changes_no_other_score_of_its_fold(noise, model):
    """So neither scaler, components, imputation, batch effects nor settings have seen the held-out images."""
    features, truth = noise
    batches = (np.arange(40) // 4 % 2).astype(float)
    settings = SETTINGS.model_copy(update={"trees": 10})
    before = scores_of(model, features, truth, names(40), batches, settings)
    fold = next(test for _, test in grouped_folds(truth, names(40), 4, 0) if 0 in test)
    spoiled = features.copy()
    spoiled[0] += 1e6
    after = scores_of(model, spoiled, truth, names(40), batches, settings)
    others = [k for k in fold if k != 0]
    assert len(others) > 5
    assert (after[others] == before[others]).all()
    elsewhere = [k for k in range(40) if k not in fold]
    assert (after[elsewhere] != before[elsewhere]).any()


@pytest.mark.parametrize("model", ["random-forest", "logistic"])
def test_a_feature_that_leaks_only_through_a_scaler_fitted_on_all_images_predicts_nothing(model):
    """Each subject has two images of a site of its own, one of either class, and the site hides the small difference.

    Only who has seen both images can tell them apart. The sites' scaler fitted on all images before the folds has, and
    the outcome is read off; the same scaler fitted inside the folds has not seen held-out subjects, so nothing is left.
    (A plain scaler has one location for all images. That moves every image alike and cannot show a leak by itself.)
    """
    rng = np.random.default_rng(2)
    truth = np.arange(120) % 2 == 0
    site = (np.arange(120) // 2).astype(float)
    features = 100 * rng.normal(size=(60, 8))[site.astype(int)] + np.where(truth, 0.5, -0.5)[:, None]
    features += 0.1 * rng.normal(size=features.shape)
    of_all_images = ComBat().fit(np.column_stack([site, features])).transform(np.column_stack([site, features]))
    leaky = area_estimate(scores_of(model, of_all_images, truth, names(120, images=2)), truth)
    ours = area_estimate(scores_of(model, features, truth, names(120, images=2), site), truth)
    assert leaky.area > 0.95
    assert abs(ours.area - 0.5) < 0.12


def test_choosing_among_noise_features_on_all_images_would_be_seen_and_is_not_done():
    """40 images and 2000 noise features: the ten that part the classes best over all images predict them 'well'."""
    rng = np.random.default_rng(3)
    truth = np.arange(60) % 2 == 0
    features = rng.normal(size=(60, 2000))
    distance = np.abs(features[truth].mean(0) - features[~truth].mean(0))
    best = np.argsort(-distance)[:10]
    assert area_estimate(scores_of("logistic", features[:, best], truth, names(60)), truth).area > 0.8
    honest = area_estimate(scores_of("logistic", features, truth, names(60)), truth)
    assert honest.low - 0.05 < 0.5 < honest.high + 0.05


def test_images_that_betray_their_subject_predict_nothing():
    """Three images each, a fingerprint of the subject in the features and an outcome that has nothing to do with it."""
    rng = np.random.default_rng(4)
    truth = np.repeat(rng.permutation(np.arange(40) % 2 == 0), 3)
    fingerprint = np.repeat(rng.normal(size=(40, 20)), 3, axis=0) + 0.01 * rng.normal(size=(120, 20))
    grouped = scores_of("random-forest", fingerprint, truth, names(120, images=3))
    as_if_strangers = scores_of("random-forest", fingerprint, truth, names(120))
    assert area_estimate(as_if_strangers, truth).area > 0.9
    assert abs(area_estimate(grouped, truth).area - 0.5) < 0.2


@pytest.mark.parametrize("model", ["random-forest", "pca-random-forest", "logistic"])
def test_a_real_signal_is_found_in_spite_of_missing_and_constant_features(model):
    rng = np.random.default_rng(5)
    truth = np.arange(80) % 2 == 0
    features = rng.normal(size=(80, 8)) + 2.5 * truth[:, None] * (np.arange(8) < 3)
    features[:, 6] = 4.0
    features[:, 7] = np.nan
    features[rng.uniform(size=features.shape) < 0.1] = np.nan
    assert area_estimate(scores_of(model, features, truth, names(80)), truth).area > 0.9


class TestComBat:
    def batches(self, seed: int, rows: int = 60):
        """Features with a common structure, a site effect on 1 and 2, and none on 0."""
        rng = np.random.default_rng(seed)
        batch = np.arange(rows) % 3
        values = rng.normal(size=(rows, 30)) * rng.uniform(0.5, 2, 30) + rng.normal(0, 5, 30)
        shift, scale = rng.normal(0, 2, (3, 30)), rng.uniform(0.5, 2, (3, 30))
        shift[0], scale[0] = 0, 1
        return np.column_stack([batch, values * scale[batch] + shift[batch]]), batch, values

    def test_batches_have_the_same_location_and_scale_afterwards(self):
        table, batch, _ = self.batches(1)
        found = ComBat().fit(table).transform(table)
        means = np.stack([found[batch == b].mean(0) for b in range(3)])
        spreads = np.stack([found[batch == b].std(0) for b in range(3)])
        raw = np.stack([table[batch == b, 1:].mean(0) for b in range(3)])
        assert np.ptp(means, axis=0).mean() < 0.15 * np.ptp(raw, axis=0).mean()
        before = np.stack([table[batch == b, 1:].std(0) for b in range(3)])
        # Variances of 20 rows are drawn towards what the features have in common, so that some difference stays.
        assert (spreads.max(0) / spreads.min(0)).mean() < 1.35 < 1.7 < (before.max(0) / before.min(0)).mean()

    def test_effects_come_from_the_training_rows_and_hold_for_new_ones(self):
        table, _, _ = self.batches(2, rows=240)
        train, test = table[:120], table[120:]
        fitted = ComBat().fit(train)
        before = fitted.transform(train)
        moved = fitted.transform(np.vstack([test, test + np.r_[0, np.full(30, 100.0)]]))
        assert (fitted.transform(train) == before).all()
        mean = np.stack([moved[:120][test[:, 0] == b].mean(0) for b in range(3)])
        assert np.ptp(mean, axis=0).mean() < 0.6

    def test_an_unknown_batch_and_a_single_batch_are_left_as_they_are(self):
        table, batch, _ = self.batches(3)
        fitted = ComBat().fit(table)
        new = np.column_stack([np.full(4, 9.0), table[:4, 1:]])
        assert (fitted.transform(new) == table[:4, 1:]).all()
        alone = table[batch == 0]
        assert (ComBat().fit(alone).transform(alone) == alone[:, 1:]).all()

    def test_a_constant_feature_stays(self):
        table, _, _ = self.batches(4)
        table[:, 5] = 7.0
        assert ComBat().fit(table).transform(table)[:, 4] == pytest.approx(7.0)

    def test_a_site_that_hides_the_signal_is_removed_inside_the_folds(self):
        rng = np.random.default_rng(7)
        truth = np.arange(90) % 2 == 0
        batch = rng.integers(0, 3, 90).astype(float)
        features = rng.normal(size=(90, 6)) + 0.6 * truth[:, None] + 12 * rng.normal(size=(3, 6))[batch.astype(int)]
        plain, harmonised = (
            area_estimate(scores_of("logistic", features, truth, names(90), b), truth).area for b in (None, batch)
        )
        assert harmonised > plain + 0.1
