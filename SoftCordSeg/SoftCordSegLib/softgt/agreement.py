"""How well the mask of a contrast agrees with the others', in numbers, and from where on it is left out."""

import math

from pydantic import BaseModel, ConfigDict


class Agreement(BaseModel):
    """A mask against the consensus of the other contrasts, over the stretch of cord that both cover.

    ``dice`` is taken at 0.5; ``centreline_mm`` is the mean distance of the centrelines within the reference's slices;
    ``area_ratio`` is the mask's mean area over the consensus'; ``common_mm`` is the length of the common stretch.
    All but the last are ``None`` where there is none.
    """

    model_config = ConfigDict(frozen=True)
    dice: float | None = None
    centreline_mm: float | None = None
    area_ratio: float | None = None
    common_mm: float = 0.0


class Limits(BaseModel):
    """Beyond these a contrast is taken for misregistered or mislabelled.

    On the T2w and T2*w masks of eight people by spine-generic's raters (0.5 x 0.5 x 5 mm), pairs of one person agree
    after registration far within these limits; see ``docs`` of the tests for the figures. ``apart_mm`` is for the
    centrelines before registration: people move less than this within a session, and a mask farther off was drawn
    on something else, mirrored, or belongs to another image.
    """

    model_config = ConfigDict(frozen=True)
    dice: float = 0.75
    centreline_mm: float = 1.5
    area_ratio: float = 1.4
    apart_mm: float = 10.0


def faults(before: Agreement, after: Agreement, contradiction: float | None, limits: Limits) -> dict[str, float]:
    """Return what is wrong with a contrast: sentence parts, each with how many times its limit it is off."""
    if after.dice is None or after.centreline_mm is None or before.centreline_mm is None:
        return {"it shares no stretch of cord with the others": math.inf}
    found = {
        f"its mask lies {before.centreline_mm:.1f} mm beside the others' before registration, more than "
        f"{limits.apart_mm:g} mm": before.centreline_mm / limits.apart_mm,
        f"its centreline is {after.centreline_mm:.1f} mm off after registration, more than "
        f"{limits.centreline_mm:g} mm": after.centreline_mm / limits.centreline_mm,
        f"its Dice is {after.dice:.2f} after registration, less than {limits.dice:g}": (
            (1 - after.dice) / (1 - limits.dice)
        ),
    }
    if after.area_ratio:
        size = max(after.area_ratio, 1 / after.area_ratio)
        words = f"its area is {after.area_ratio:.2f} times the others', beyond a factor of {limits.area_ratio:g}"
        found[words] = math.log(size) / math.log(limits.area_ratio)
    if contradiction is not None:
        found[f"its image fits {contradiction:.1f} mm away from where its mask says"] = 1 + contradiction
    return {words: off for words, off in found.items() if off > 1}
