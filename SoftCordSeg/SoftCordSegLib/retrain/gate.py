"""Whether a retrained model becomes the next version."""

from pydantic import BaseModel

from SoftCordSegLib.evaluation.measures import MEASURE_NAMES, SubjectMeasure
from SoftCordSegLib.retrain.figures import Figures
from SoftCordSegLib.retrain.settings import Limits


class Check(BaseModel):
    """One limit: what it is about, what was found, what is allowed at most, and whether it is kept."""

    what: str
    found: float | None
    limit: float
    kept: bool


class Verdict(BaseModel):
    """Whether the candidate passes, all checks, and the reasons against it (empty where it passes)."""

    passed: bool
    checks: list[Check]
    reasons: list[str]


def judge(figures: Figures, limits: Limits) -> Verdict:
    """Hold the figures against the limits; what could not be measured does not count, unless nothing could be."""
    allowed: dict[SubjectMeasure, tuple[str, float, int]] = {
        "dice": ("fall", limits.dice_fall, -1),
        "soft_dice": ("fall", limits.soft_dice_fall, -1),
        "csa_error_mm2": ("rise", limits.csa_error_rise_mm2, 1),
        "csa_sd_mm2": ("rise", limits.csa_sd_rise_mm2, 1),
    }
    checks = []
    for measure, (way, limit, sign) in allowed.items():
        change = figures.changes.get(measure)
        checks.append(_check(f"{way} of {MEASURE_NAMES[measure]}", sign * change.difference if change else None, limit))
    what = f"mean drift of the area (mm²) where the base model is within {limits.right_within_mm2:g} mm²"
    checks.append(_check(what, figures.drift_mm2, limits.csa_drift_mm2))
    reasons = [f"The {c.what} is {c.found:.3g}, above the limit of {c.limit:g}." for c in checks if not c.kept]
    if "dice" not in figures.changes:
        reasons.append("Nothing could be compared with a reference mask.")
    elif limits.require_gain and not _gained(figures):
        reasons.append("Neither soft Dice rose nor did the error of the area fall, so there is no gain.")
    return Verdict(passed=not reasons, checks=checks, reasons=reasons)


def _check(what: str, found: float | None, limit: float) -> Check:
    return Check(what=what, found=found, limit=limit, kept=found is None or found <= limit)


def _gained(figures: Figures) -> bool:
    soft, error = (figures.changes.get(measure) for measure in ("soft_dice", "csa_error_mm2"))
    return bool((soft and soft.difference > 0) or (error and error.difference < 0))
