"""A body's tissues on a voxel grid, as the share of each voxel that each tissue fills."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from crosscontrast.cord.generator.column import paint_column
from crosscontrast.cord.generator.cord import Thecal, draw_thecal
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame, draw_frame
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.head import (
    BRAINSTEM_ENDS,
    CORD_ENDS,
    MEDULLA_ENDS,
    paint_brainstem,
    paint_face,
    paint_skull,
)
from crosscontrast.cord.generator.labelmaps import Tracing
from crosscontrast.cord.generator.painter import Painter
from crosscontrast.cord.generator.surroundings import paint_surroundings
from crosscontrast.cord.generator.tissues import CORD, Tissue


@dataclass(frozen=True)
class Anatomy:
    """Tissue ``fractions`` (tissue, D, H, W) that sum to one in each voxel, axes growing to the top, front and right.

    ``cord`` and ``canal`` (D, H, W) are the truth to be learnt: the true share of cord, and of everything inside the
    dura, in each voxel. ``certainty`` (D, H, W) is how much a wrong cord value should count: the medulla, where schools
    differ on where the cord begins, counts less. ``along`` is the position along the cord in mm, for effects that
    repeat from disc to disc.
    """

    fractions: Tensor
    cord: Tensor
    canal: Tensor
    certainty: Tensor
    along: Tensor


def draw_anatomy(
    grid: Grid,
    draw: Draw,
    tracings: Sequence[Tracing] = (),
    *,
    centred: bool = False,
    wide: bool = False,
    narrow: float = 0.0,
) -> Anatomy:
    """Draw a new body; the same seed gives the same body on a grid of any resolution.

    ``tracings`` are people's cords in label maps, whose shapes some of the bodies then have. ``centred`` keeps the cord
    about the middle of the grid; a ``wide`` search looks anywhere in the body, with what lies beside the spine.
    ``narrow`` is the share of canals with little fluid around the cord.
    """
    frame = draw_frame(grid, draw, centred=centred, wide=wide)
    thecal = draw_thecal(grid, frame, draw, tracings, narrow)
    if frame.high > BRAINSTEM_ENDS:
        thecal = _below(thecal, ((BRAINSTEM_ENDS - frame.height) * frame.stature + 0.5).clamp(0, 1))
    painter = Painter(grid)
    has_head = frame.high > 0
    _paint_thecal(painter, thecal, 1 - ((frame.height - CORD_ENDS) * frame.stature + 0.5).clamp(0, 1))
    if has_head:
        paint_brainstem(painter, grid, frame, thecal, draw)
    painter.add(Tissue.CSF, _refilled(thecal.canal, painter))
    paint_column(painter, grid, frame, thecal, draw)
    if has_head:
        paint_skull(painter, grid, frame, draw)
    if frame.high > -60 and draw.chance(0.9):
        paint_face(painter, grid, frame, draw)
    paint_surroundings(painter, grid, frame, thecal.sizes, draw, wide=wide)
    fractions = painter.finish(Tissue.MUSCLE)
    return Anatomy(fractions, fractions[list(CORD)].sum(0), thecal.canal, _certainty(frame, thecal), frame.w)


def _paint_thecal(painter: Painter, thecal: Thecal, below: Tensor) -> None:
    """Place the cord's tissues, its pia and the roots; ``below`` is each voxel's share under the cord's upper end."""
    cord = thecal.cord * below
    syrinx = cord * thecal.syrinx
    lesion = (cord - syrinx) * thecal.lesion
    rest = cord - syrinx - lesion
    grey = torch.minimum(thecal.grey * (1 - thecal.lesion), rest)
    painter.place(Tissue.SYRINX, syrinx)
    painter.place(Tissue.LESION, lesion)
    painter.place(Tissue.GREY, grey)
    painter.place(Tissue.WHITE, rest - grey)
    painter.place(Tissue.PIA, thecal.pia)
    painter.place(Tissue.ROOT, thecal.roots)


def _below(thecal: Thecal, share: Tensor) -> Thecal:
    """Return what of each voxel's ``share`` (D, H, W) lies under the upper end of the brainstem."""
    canal, cord, pia, roots = (part * share for part in (thecal.canal, thecal.cord, thecal.pia, thecal.roots))
    return replace(thecal, canal=canal, cord=cord, pia=pia, roots=roots)


def _refilled(canal: Tensor, painter: Painter) -> Tensor:
    """Return the share of what is left in each voxel that completes the canal's fraction."""
    wanted = canal - (1 - painter.left)
    return (wanted / painter.left.clamp(min=1e-6)).clamp(0, 1)


def _certainty(frame: Frame, thecal: Thecal) -> Tensor:
    medulla = (frame.height > CORD_ENDS - 6) & (frame.height < MEDULLA_ENDS) & (thecal.cord > 0)
    return torch.where(medulla, 0.7, 1.0)
