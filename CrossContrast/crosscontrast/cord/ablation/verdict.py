"""What the ablation says, in sentences that follow from its numbers alone."""

from collections.abc import Mapping, Sequence

import numpy as np

from crosscontrast.cord.ablation.arms import LOSSES, MANUAL_MASKS, MASKS, arm_name
from crosscontrast.cord.evaluation.measures import SubjectScores
from crosscontrast.cord.evaluation.summary import values_by_method
from crosscontrast.statistics.paired import Comparison, compare_with, smallest_p

#: The arm that the paper proposes.
PROPOSED = arm_name("soft", "Adaptive Wing")
_CLAIM = f"Soft masks with a regression loss ({PROPOSED})"
#: The arms with hard masks.
HARD = tuple(arm_name(masks, loss) for masks in MASKS if masks != "soft" for loss in LOSSES)
_LEVEL = 0.05
#: A network that hardly finds the cord has a small area in every contrast, and so a small spread that means nothing.
_LOWEST_DICE = 0.75
#: The family of tests: the proposed arm against each of the others.
_TESTS = len(MASKS) * len(LOSSES) - 1


def compare_proposed(subjects: Sequence[SubjectScores]) -> list[Comparison]:
    """Test the CSA SD of the proposed arm against every other one, with Holm's correction over these tests."""
    arms = [scores for scores in subjects if scores.method != MANUAL_MASKS]
    return compare_with(PROPOSED, values_by_method(arms, "csa_sd_mm2"))


def verdict(subjects: Sequence[SubjectScores]) -> list[str]:
    """Say whether soft masks with regression lower the CSA SD, with the p values."""
    spreads = values_by_method(subjects, "csa_sd_mm2")
    comparisons = compare_proposed(subjects)
    against_hard = [c for c in comparisons if c.second in HARD]
    lower = [c for c in against_hard if c.median_difference < 0 and c.p_holm < _LEVEL]
    judgement = _undecidable(subjects, against_hard) or _judgement(against_hard, lower)
    return [judgement, *_precision(subjects), *(_sentence(c, spreads) for c in comparisons)]


def _precision(subjects: Sequence[SubjectScores]) -> list[str]:
    """Say how the networks' own errors compare with what they are to learn; nothing where it cannot be said."""
    spreads = _finite(values_by_method(subjects, "csa_sd_mm2").get(MANUAL_MASKS, []))
    errors = _finite(values_by_method(subjects, "csa_error_mm2").get(PROPOSED, []))
    if not (spreads and errors):
        return []
    spread, error = np.mean(spreads), np.mean(errors)
    sentence = f"The manual masks have a CSA SD of {spread:.2f} mm², and {PROPOSED} errs by {error:.2f} mm² on average."
    if error > spread:
        sentence += " The networks err more than the masks differ, so longer training may change this result."
    return [sentence]


def _finite(values: "Sequence[float] | np.ndarray") -> list[float]:
    return [float(value) for value in values if np.isfinite(value)]


def _undecidable(subjects: Sequence[SubjectScores], comparisons: Sequence[Comparison]) -> str:
    """Say why these numbers cannot answer the question, if they cannot."""
    means = {name: float(np.mean(values)) for name, values in values_by_method(subjects, "dice").items()}
    untrained = [f"{name} ({mean:.2f})" for name, mean in means.items() if mean < _LOWEST_DICE]
    if untrained:
        return (
            f"{_CLAIM} cannot be judged, because not all arms have learnt to find the cord: the mean Dice is below "
            f"{_LOWEST_DICE} for {', '.join(untrained)}. Give more minutes."
        )
    pairs = min(comparison.pairs for comparison in comparisons)
    if smallest_p(pairs) * _TESTS > _LEVEL:
        return (
            f"{_CLAIM} cannot be judged: with {pairs} subjects none of {_TESTS} tests together can reach {_LEVEL:.0%}, "
            "whatever the areas."
        )
    return ""


def _judgement(against_hard: Sequence[Comparison], lower: Sequence[Comparison]) -> str:
    if len(lower) == len(against_hard):
        worst = max(c.p_holm for c in lower)
        return (
            f"{_CLAIM} lower the CSA SD across contrasts against every arm with hard masks (largest p after Holm's "
            f"correction {worst:.3g}): the paper's direction is reproduced."
        )
    if not lower:
        return f"{_CLAIM} do not lower the CSA SD across contrasts: the paper's direction is not reproduced."
    missing = "; ".join(c.second for c in against_hard if c not in lower)
    return (
        f"{_CLAIM} lower the CSA SD across contrasts against {len(lower)} of {len(against_hard)} arms with hard masks, "
        f"but not against: {missing}. The paper's direction is reproduced in part."
    )


def _sentence(comparison: Comparison, spreads: Mapping[str, np.ndarray]) -> str:
    if not comparison.pairs:
        return f"No person has a CSA SD both of {comparison.first} and of {comparison.second}."
    means = [float(np.nanmean(spreads[name])) for name in (comparison.first, comparison.second)]
    return (
        f"CSA SD {means[0]:.2f} mm² against {means[1]:.2f} mm² of {comparison.second}: p = {comparison.p:.3g}, "
        f"with Holm's correction {comparison.p_holm:.3g} ({comparison.pairs} subjects)."
    )
