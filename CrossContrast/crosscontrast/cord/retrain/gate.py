"""Whether a retrained model becomes the next version.

Four kinds of limits: it may not be worse than the base model, in the mean and in no subject; where the base model was
right, areas must stay comparable; it must be right in itself, as beside a base model that fails in some contrast even a
model that learnt masks beside the cord looks better; and it must have learnt what it was taught. The third kind are on
errors that are the same in all subjects: these come from wrong corrections, while what a short training leaves
scatters. The last one finds corrections that contradict the images, or each other: sides exchanged, masks of another
person.
"""

from collections.abc import Iterator

from pydantic import BaseModel

from crosscontrast.cord.evaluation.measures import MEASURE_NAMES, SubjectMeasure
from crosscontrast.cord.evaluation.subjects import mean_of_known
from crosscontrast.cord.retrain.figures import Figures, Learnt
from crosscontrast.cord.retrain.settings import Limits


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
    checks = [
        *_not_worse(figures, limits),
        *_no_subject_worse(figures, limits),
        _comparable(figures, limits),
        *_right_in_itself(figures, limits),
        *_learnt(figures, limits),
    ]
    reasons = [f"The {c.what} is {c.found:.3g}, above the limit of {c.limit:g}." for c in checks if not c.kept]
    if "dice" not in figures.changes:
        reasons.append("Nothing could be compared with a reference mask.")
    elif limits.require_gain and not _gained(figures):
        reasons.append("Neither soft Dice rose nor did the error of the area fall, so there is no gain.")
    return Verdict(passed=not reasons, checks=checks, reasons=reasons)


def doubts(figures: Figures, limits: Limits) -> list[str]:
    """Return what speaks against masks themselves: those that everything is judged by, and those that were learnt from.

    Where the base model lies beside the test masks to the same side in all subjects, either it or they are misplaced.
    Where the candidate does not follow a correction that it was trained on, the image says something else.
    """
    return [*_doubted_tests(figures, limits), *_doubted_corrections(figures, limits)]


def _doubted_tests(figures: Figures, limits: Limits) -> list[str]:
    return [
        f"The base model lies {mm:.1f} mm to the {side} of the masks of {each.contrast}, on average over the test "
        "subjects: look whether these masks are in their place."
        for each in figures.base_systematic
        for side, mm in each.displacements.items()
        if mm > limits.displacement_mm
    ]


def is_doubted(image: Learnt, limits: Limits) -> bool:
    """Return whether the candidate does not follow this correction, though it learnt from it."""
    mm = image.centre_distance_mm
    return image.is_lost if mm is None else mm > limits.subject_centre_distance_mm


def _doubted_corrections(figures: Figures, limits: Limits) -> Iterator[str]:
    for image in figures.learnt:
        if is_doubted(image, limits):
            mm = image.centre_distance_mm
            does = "finds no cord in the image" if mm is None else f"lies {mm:.1f} mm beside the correction"
            who = "candidate, like the base model," if mm is None and image.lost_share == 0 else "candidate"
            yield f"The {who} {does} of {image}, from which it learnt: look whether this mask is in its place."


def _not_worse(figures: Figures, limits: Limits) -> Iterator[Check]:
    allowed: dict[SubjectMeasure, tuple[str, float, int]] = {
        "dice": ("fall", limits.dice_fall, -1),
        "soft_dice": ("fall", limits.soft_dice_fall, -1),
        "csa_error_mm2": ("rise", limits.csa_error_rise_mm2, 1),
        "csa_sd_mm2": ("rise", limits.csa_sd_rise_mm2, 1),
        "centre_distance_mm": ("rise", limits.centre_distance_rise_mm, 1),
        "hausdorff95_mm": ("rise", limits.hausdorff95_rise_mm, 1),
    }
    for measure, (way, limit, sign) in allowed.items():
        change = figures.changes.get(measure)
        yield _check(f"{way} of {MEASURE_NAMES[measure]}", sign * change.difference if change else None, limit)


def _no_subject_worse(figures: Figures, limits: Limits) -> Iterator[Check]:
    falls = {p.subject: -change for p in figures.persons if (change := p.change("dice")) is not None}
    yield _largest("largest fall of Dice of a subject", falls, limits.subject_dice_fall)
    rises = {p.subject: change for p in figures.persons if (change := p.change("csa_error_mm2")) is not None}
    what = f"largest rise of {MEASURE_NAMES['csa_error_mm2']} of a subject"
    yield _largest(what, rises, limits.subject_csa_error_rise_mm2)


def _comparable(figures: Figures, limits: Limits) -> Check:
    what = (
        f"mean drift of the area (mm²) where the base model is within {limits.right_within_mm2:g} mm² "
        f"and has a Dice of {limits.right_dice:g}"
    )
    return _check(what, figures.drift_mm2, limits.csa_drift_mm2)


def _right_in_itself(figures: Figures, limits: Limits) -> Iterator[Check]:
    distances = {p.subject: mm for p in figures.persons if (mm := p.after.get("centre_distance_mm")) is not None}
    what = f"largest {MEASURE_NAMES['centre_distance_mm']} of a subject"
    yield _largest(what, distances, limits.subject_centre_distance_mm)
    moved = {f"{e.contrast}, {side}": mm for e in figures.systematic for side, mm in e.displacements.items()}
    yield _largest("largest mean displacement (mm) in a contrast", moved, limits.displacement_mm)
    areas = {
        f"{e.contrast}, too {'large' if e.area > 0 else 'small'}": abs(e.area)
        for e in figures.systematic
        if e.area is not None
    }
    yield _largest("largest mean relative error of the area in a contrast", areas, limits.area_bias)
    yield _check("mean share of the cord's slices that are missed", figures.missed_share, limits.missed_share)


def _learnt(figures: Figures, limits: Limits) -> Iterator[Check]:
    """What has no value in an image is left out of the distances; there the candidate misses all slices."""
    distances = {str(e): e.centre_distance_mm for e in figures.learnt if e.centre_distance_mm is not None}
    worst = max(distances, key=lambda name: distances[name], default="")
    most = f" (most for {worst}: {distances[worst]:.1f})" if worst else ""
    what = f"mean distance (mm) of its centrelines from the corrections that it learnt{most}"
    yield _check(what, mean_of_known(distances.values()), limits.learnt_distance_mm)
    what = "mean share of the slices of the corrections that it learnt which it misses and the base model does not"
    yield _check(what, mean_of_known(e.lost_share for e in figures.learnt), limits.missed_share)


def _largest(what: str, found: dict[str, float], limit: float) -> Check:
    if not found:
        return _check(what, None, limit)
    where = max(found, key=lambda name: found[name])
    return _check(f"{what} ({where})", found[where], limit)


def _check(what: str, found: float | None, limit: float) -> Check:
    return Check(what=what, found=found, limit=limit, kept=found is None or found <= limit)


def _gained(figures: Figures) -> bool:
    soft, error = (figures.changes.get(measure) for measure in ("soft_dice", "csa_error_mm2"))
    return bool((soft and soft.difference > 0) or (error and error.difference < 0))
