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

    ``dice``, ``centreline_mm`` and ``area_ratio`` (either way) hold after registration. ``apart_mm`` is for the
    centrelines before it: people move less than this within a session, and a mask farther off was mirrored, drawn on
    something else or belongs to another image. ``contradiction_mm`` is for a mask that does not lie on the cord of its
    own image: how far from the mask's place the image fits better.

    Shape does not tell people apart: in spine-generic the manual masks of different people reach a Dice of 0.86 to 0.94
    once they are registered (20 pairs with 3 cm or more in common). ``apart_mm`` caught them all, because the cords lay
    10.4 to 52 mm apart (30 pairs), but a stranger's mask that happens to lie nearer passes if it has no image.
    """

    model_config = ConfigDict(frozen=True)
    dice: float = 0.75
    centreline_mm: float = 1.5
    area_ratio: float = 1.4
    apart_mm: float = 10.0
    contradiction_mm: float = 3.0

    def in_words(self) -> str:
        """Say the limits in one sentence."""
        return (
            f"A contrast is left out if its centreline lies more than {self.apart_mm:g} mm beside the others' before "
            f"registration or more than {self.centreline_mm:g} mm after it, if its Dice is below {self.dice:g}, if its "
            f"area differs by more than a factor of {self.area_ratio:g}, or if its image fits more than "
            f"{self.contradiction_mm:g} mm away from where its mask says."
        )


def faults(before: Agreement, after: Agreement, contradiction: float | None, limits: Limits) -> dict[str, float]:
    """Return what is wrong with a contrast: parts of a sentence, each with how many times its limit it is off.

    ``contradiction`` is that of :class:`crosscontrast.cord.softgt.registration.Registration`.
    """
    if after.dice is None or after.centreline_mm is None or before.centreline_mm is None:
        return {"it shares no stretch of cord with the others": math.inf}
    size = max(after.area_ratio or math.inf, 1 / (after.area_ratio or math.inf))
    found = {
        f"its mask lies {before.centreline_mm:.1f} mm beside the others' before registration": (
            before.centreline_mm / limits.apart_mm
        ),
        f"its centreline is {after.centreline_mm:.1f} mm off after registration": (
            after.centreline_mm / limits.centreline_mm
        ),
        f"its Dice is {after.dice:.2f} after registration": (1 - after.dice) / (1 - limits.dice),
        f"its area is {after.area_ratio} times the others'": math.log(size) / math.log(limits.area_ratio),
        f"its image fits {contradiction or 0:.1f} mm away from where its mask says": (
            (contradiction or 0) / limits.contradiction_mm
        ),
    }
    return {words: off for words, off in found.items() if off > 1}
