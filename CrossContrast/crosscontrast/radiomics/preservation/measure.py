"""From a table of features to what is preserved of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from crosscontrast.radiomics.extraction.backend import FeatureName
from crosscontrast.radiomics.extraction.table import FeatureTable
from crosscontrast.radiomics.preservation.settings import PreservationSettings, Rule
from crosscontrast.statistics.agreement_intervals import (
    MEASURES,
    Estimates,
    agreement_intervals,
    correlation_p,
    one_sided_p,
)
from crosscontrast.statistics.multiplicity import benjamini_hochberg
from crosscontrast.statistics.paired_agreement import PairedSample

#: Bands of reliability by the lower end of the ICC's interval (Koo and Li, J Chiropr Med 15:155-163, 2016).
_BANDS = ((0.9, "excellent"), (0.75, "good"), (0.5, "moderate"), (-np.inf, "poor"))


class Measured(BaseModel):
    """An estimate with the ends of its interval; ``None`` where undefined."""

    estimate: float | None = None
    low: float | None = None
    high: float | None = None


class FeatureVerdict(BaseModel):
    """What became of one feature in the images of one role.

    ``spearman_q`` tests "no correlation", ``limit_q`` "the weakest coefficient of the rule is at most its limit", both
    adjusted by Benjamini and Hochberg over the features of the role. ``rho_only`` is the older rule's verdict.
    ``ceiling_icc`` is the feature's ICC where the same image's contour is moved, ``cluster`` the group of features
    that are nearly the same in the reference images. ``reason`` says why measures are missing.
    """

    role: str
    feature: str
    image: str
    family: str
    subjects: int
    pairs: int
    preserved: bool = False
    rho_only: bool = False
    band: str = ""
    measures: dict[str, Measured] = {}
    spearman_p: float | None = None
    spearman_q: float | None = None
    limit_p: float | None = None
    limit_q: float | None = None
    cluster: int | None = None
    ceiling_icc: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Pairs:
    """The images of a role with their reference: pairs x features, and the number of the subject of each pair."""

    role: str
    names: list[str]
    subjects: list[str]
    reference: np.ndarray
    test: np.ndarray
    groups: np.ndarray

    def sample(self) -> PairedSample:
        """Return the pairs for statistics."""
        return PairedSample(self.reference, self.test, self.groups)


def pair_up(table: FeatureTable, reference: str, role: str) -> Pairs:
    """Pair the images of two roles by subject and session; what lacks a partner or failed is left out."""
    partners = {row.visit: row for row in table.of_role(reference)}
    tests = [row for row in table.of_role(role) if row.visit in partners]
    names = table.names
    order = list(dict.fromkeys(row.subject for row in tests))
    return Pairs(
        role=role,
        names=names,
        subjects=order,
        reference=table.values([partners[row.visit] for row in tests], names),
        test=table.values(tests, names),
        groups=np.array([order.index(row.subject) for row in tests], dtype=int),
    )


def judge(pairs: Pairs, settings: PreservationSettings, *, resamples: int | None = None) -> list[FeatureVerdict]:
    """Measure the agreement of every feature and judge it by the rule."""
    if not len(pairs.groups):
        return [_without(pairs, name, "no pair of images has features") for name in pairs.names]
    sample = pairs.sample()
    found = agreement_intervals(
        sample,
        level=settings.rule.level,
        resamples=resamples or settings.resamples,
        seed=settings.seed,
        fewest_subjects=settings.fewest_subjects,
    )
    subjects, counts = sample.subjects_per_quantity(), sample.pairs
    reasons = _reasons(sample, subjects, settings.fewest_subjects)
    spearman_p = correlation_p(found["spearman"].estimate, subjects)
    limit_p = np.max([one_sided_p(found[m], limit, subjects) for m, limit in settings.rule.limits.items()], axis=0)
    spearman_q, limit_q = benjamini_hochberg(spearman_p), benjamini_hochberg(limit_p)
    preserved = _passes(found, limit_q, settings.rule)
    return [
        FeatureVerdict(
            **_name(pairs.role, name),
            subjects=int(subjects[k]),
            pairs=int(counts[k]),
            preserved=bool(preserved[k]),
            rho_only=bool(found["spearman"].estimate[k] >= settings.rho_only),
            band=_band(found["icc"].low[k]),
            measures={m: _measured(found[m], k) for m in MEASURES},
            spearman_p=_known(spearman_p[k]),
            spearman_q=_known(spearman_q[k]),
            limit_p=_known(limit_p[k]),
            limit_q=_known(limit_q[k]),
            reason=reasons[k],
        )
        for k, name in enumerate(pairs.names)
    ]


def _passes(found: dict[str, Estimates], limit_q: np.ndarray, rule: Rule) -> np.ndarray:
    """Return which features pass; comparisons with NaN are false, so what is undefined is not preserved."""
    passed = np.ones(limit_q.shape, bool)
    for name, limit in rule.limits.items():
        passed &= (found[name].low if rule.bound == "low" else found[name].estimate) >= limit
    return passed if rule.fdr is None else passed & (limit_q <= rule.fdr)


def _reasons(sample: PairedSample, subjects: np.ndarray, fewest: int) -> list[str]:
    still, moved = sample.constant()
    reasons = []
    for count, constant_reference, constant_test in zip(subjects, still, moved, strict=True):
        if count == 0:
            reasons.append("no subject has the feature in both images")
        elif constant_reference and constant_test:
            reasons.append("the same value in all images")
        elif constant_reference:
            reasons.append("the same value in all reference images")
        elif constant_test:
            reasons.append("the same value in all test images")
        elif count < fewest:
            reasons.append(f"{count} subjects are too few for an interval (at least {fewest})")
        else:
            reasons.append("")
    return reasons


def _name(role: str, feature: str) -> dict[str, Any]:
    try:
        parts = FeatureName.parse(feature)
    except ValueError:
        return {"role": role, "feature": feature, "image": "", "family": "other"}
    return {"role": role, "feature": feature, "image": parts.image, "family": parts.family}


def _without(pairs: Pairs, feature: str, reason: str) -> FeatureVerdict:
    return FeatureVerdict(**_name(pairs.role, feature), subjects=0, pairs=0, reason=reason)


def _measured(estimates: Estimates, number: int) -> Measured:
    parts = (estimates.estimate, estimates.low, estimates.high)
    estimate, low, high = (_known(part[number]) for part in parts)
    return Measured(estimate=estimate, low=low, high=high)


def _band(low: float) -> str:
    return next((name for limit, name in _BANDS if low >= limit), "")


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def count_shape(verdicts: Sequence[FeatureVerdict]) -> int:
    """Return how many of the preserved features are of shape, which the mask alone decides and no translation."""
    return sum(v.preserved and v.family.startswith("shape") for v in verdicts)


def count_preserved(verdicts: Sequence[FeatureVerdict]) -> tuple[int, int]:
    """Return how many features are preserved by the rule and by rho alone."""
    return sum(v.preserved for v in verdicts), sum(v.rho_only for v in verdicts)
