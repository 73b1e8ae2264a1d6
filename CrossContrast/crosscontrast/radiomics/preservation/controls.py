"""What the verdicts are to be measured against: chance, the contour, and features that say the same."""

from dataclasses import replace

import numpy as np
from pydantic import BaseModel
from scipy import stats
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from crosscontrast.radiomics.extraction.table import FeatureTable
from crosscontrast.radiomics.preservation.measure import Pairs, count_preserved, judge, pair_up
from crosscontrast.radiomics.preservation.settings import PreservationSettings

#: Draws for the intervals of shuffled pairs, whose verdicts are counted and not shown.
_NULL_RESAMPLES = 300


class ShuffledNull(BaseModel):
    """How many features pass where every image is paired with another subject's, over ``shuffles``.

    Means, and the largest count. ``rho_95`` is the 95th percentile of |rho| over all features and shuffles.
    """

    shuffles: int
    preserved_mean: float
    preserved_most: int
    rho_only_mean: float
    rho_only_most: int
    rho_95: float | None


def shuffled_null(pairs: Pairs, settings: PreservationSettings) -> ShuffledNull | None:
    """Judge pairs whose test images were exchanged between subjects; ``None`` for fewer than three subjects.

    Whole subjects are moved, so that the images of one stay together; where they have different numbers of images,
    the first ones are paired.
    """
    if settings.shuffles == 0 or len(pairs.subjects) < 3:
        return None
    random = np.random.default_rng(settings.seed + 1)
    counts, rhos = [], []
    for _ in range(settings.shuffles):
        verdicts = judge(_exchanged(pairs, random), settings, resamples=_NULL_RESAMPLES)
        counts.append(count_preserved(verdicts))
        rhos += [abs(rho) for v in verdicts if v.measures and (rho := v.measures["spearman"].estimate) is not None]
    ours, rho_only = np.array(counts).T
    return ShuffledNull(
        shuffles=settings.shuffles,
        preserved_mean=float(ours.mean()),
        preserved_most=int(ours.max()),
        rho_only_mean=float(rho_only.mean()),
        rho_only_most=int(rho_only.max()),
        rho_95=float(np.percentile(rhos, 95)) if rhos else None,
    )


def _exchanged(pairs: Pairs, random: np.random.Generator) -> Pairs:
    """Give every subject the test images of another one."""
    n = len(pairs.subjects)
    order = random.permutation(n)
    # A cycle through the shuffled subjects leaves nobody in place.
    partner = np.empty(n, int)
    partner[order] = np.roll(order, 1)
    own = [np.flatnonzero(pairs.groups == subject) for subject in range(n)]
    rows = [list(zip(own[s], own[partner[s]], strict=False)) for s in range(n)]
    mine, others = np.array([pair for group in rows for pair in group]).T
    return replace(pairs, reference=pairs.reference[mine], test=pairs.test[others], groups=pairs.groups[mine])


def redundancy_clusters(table: FeatureTable, reference: str, redundant: float) -> dict[str, int]:
    """Group features whose |rho| in the reference images is on average at least ``redundant``; numbered from 1.

    Average linkage on 1 - |rho|. Constant or incomplete features, and all of them where there are fewer than three
    images, have no group.
    """
    rows = table.of_role(reference)
    values = table.values(rows, table.names)
    usable = np.isfinite(values).all(0) if len(rows) else np.zeros(len(table.names), bool)
    usable[usable] = np.ptp(values[:, usable], axis=0) > 0
    names = [name for name, kept in zip(table.names, usable, strict=True) if kept]
    if len(rows) < 3 or not names:
        return {}
    if len(names) == 1:
        return {names[0]: 1}
    ranks = stats.rankdata(values[:, usable], axis=0)
    distance = np.clip(1 - np.abs(np.corrcoef(ranks.T)), 0, 1)
    np.fill_diagonal(distance, 0)
    numbers = fcluster(linkage(squareform(distance, checks=False), "average"), 1 - redundant, "distance")
    return {name: int(number) for name, number in zip(names, numbers, strict=True)}


def ceiling(table: FeatureTable, perturbed: FeatureTable, reference: str) -> dict[str, float]:
    """Return the ICC(A,1) of each feature between the reference images and the same with contours moved.

    ``perturbed`` holds the rows of one or more perturbations, under roles of their own; the ICC is their mean. More
    than that no translated image can reach, however good it is.
    """
    rounds = []
    for role in perturbed.roles:
        pairs = pair_up(FeatureTable((*table.rows, *perturbed.rows)), reference, role)
        if len(pairs.groups):
            rounds.append(dict(zip(pairs.names, pairs.sample().agreement().icc[0], strict=True)))
    names = rounds[0] if rounds else {}
    means = {name: float(np.mean([found[name] for found in rounds])) for name in names}
    return {name: value for name, value in means.items() if np.isfinite(value)}
