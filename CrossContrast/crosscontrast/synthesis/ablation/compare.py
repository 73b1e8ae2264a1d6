"""What a weight of the radiomics-preserving loss changes, from trainings that differ in nothing else."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel
from scipy import stats


class Arm(BaseModel):
    """One training: its weight and seed, and what its translations of the test subjects are like."""

    radiomics: float
    seed: int
    mae: float
    features: int
    preserved: int
    median_concordance: float


class Difference(BaseModel):
    """Mean differences of a weight from the first one over seeds, with the p values of paired t-tests.

    A p value is NaN with one seed and where all differences are equal. The test subjects are the same for all seeds:
    p says what training again would give, not what other subjects would.
    """

    radiomics: float
    seeds: int
    preserved: float
    preserved_p: float
    mae: float
    mae_p: float


def differences(arms: Sequence[Arm]) -> list[Difference]:
    """Compare each weight with the weight of the first arm, seed by seed."""
    found = {(arm.radiomics, arm.seed): arm for arm in arms}
    weights, seeds = list(dict.fromkeys(arm.radiomics for arm in arms)), list(dict.fromkeys(arm.seed for arm in arms))
    compared = []
    for weight in weights[1:]:
        pairs = [(found[weight, seed], found[weights[0], seed]) for seed in seeds]
        preserved = np.array([float(one.preserved - other.preserved) for one, other in pairs])
        mae = np.array([one.mae - other.mae for one, other in pairs])
        compared.append(
            Difference(
                radiomics=weight,
                seeds=len(seeds),
                preserved=float(preserved.mean()),
                preserved_p=_p(preserved),
                mae=float(mae.mean()),
                mae_p=_p(mae),
            )
        )
    return compared


def _p(values: np.ndarray) -> float:
    return float(stats.ttest_1samp(values, 0).pvalue) if np.ptp(values) > 0 else float("nan")
