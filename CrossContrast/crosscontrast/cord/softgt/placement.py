"""All contrasts of a subject placed in the reference's space by one set of transforms."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.softgt.agreement import Agreement
from crosscontrast.cord.softgt.centrelines import CordLine, cord_line, offsets, upward
from crosscontrast.cord.softgt.consensus import Consensus, WarpedMask, consensus, onto, warp
from crosscontrast.cord.softgt.contrast import Contrast


@dataclass(frozen=True)
class Placement:
    """Contrasts, one transform each (reference's points to the contrast's, LPS mm) and the common ``grid``."""

    reference: Contrast
    contrasts: Sequence[Contrast]
    transforms: Sequence[sitk.Euler3DTransform]
    grid: sitk.Image

    @cached_property
    def warped(self) -> list[WarpedMask]:
        """Every mask on the common grid."""
        return [warp(c, t, self.grid) for c, t in zip(self.contrasts, self.transforms, strict=True)]

    @cached_property
    def lines(self) -> list[CordLine]:
        """Every centreline in the reference's space."""
        up = upward(self.reference)
        return [cord_line(c, up, t.GetInverse()) for c, t in zip(self.contrasts, self.transforms, strict=True)]

    def consensus(self, members: Sequence[int], *, drop_ends: bool = False) -> Consensus:
        """Return the consensus of some of the contrasts."""
        return consensus([self.warped[n] for n in members], self.grid, drop_ends=drop_ends)

    def onto(self, index: int, found: Consensus) -> sitk.Image:
        """Carry a consensus onto the own grid of a contrast."""
        return onto(self.contrasts[index], found, self.transforms[index])

    def agreement(self, index: int, members: Sequence[int]) -> Agreement:
        """Compare the mask of a contrast with the consensus of those ``members`` that are not itself."""
        others = [n for n in members if n != index]
        beside = offsets(self.lines[index], [self.lines[n] for n in others], upward(self.reference))
        if not len(beside):
            return Agreement()
        dice, ratio = _overlap(self.warped[index], self.consensus(others))
        return Agreement(
            dice=dice,
            centreline_mm=round(float(np.linalg.norm(beside, axis=1).mean()), 3),
            area_ratio=ratio,
            common_mm=float(len(beside)),
        )


def _overlap(mask: WarpedMask, rest: Consensus) -> tuple[float | None, float | None]:
    """Return Dice at 0.5 and the ratio of the soft volumes where both are covered."""
    layer = mask.inner
    common = (layer.coverage >= 0.5) & rest.covered
    own = np.divide(layer.mask, layer.coverage, out=np.zeros_like(layer.mask), where=common)
    soft = np.where(common, rest.soft, 0)
    a, b = own >= 0.5, soft >= 0.5
    total = int(a.sum()) + int(b.sum())
    volume = float(soft.sum(dtype=float))
    return (
        round(2 * int((a & b).sum()) / total, 4) if total else None,
        round(float(own.sum(dtype=float)) / volume, 4) if volume else None,
    )
