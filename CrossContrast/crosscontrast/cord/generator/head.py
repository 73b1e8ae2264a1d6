"""The head above the foramen magnum: skull, brain, brainstem, cerebellum; and the face before the upper neck."""

import torch

from crosscontrast.cord.generator.cord import Thecal
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame
from crosscontrast.cord.generator.grid import Grid, coverage, ellipse, ellipsoid
from crosscontrast.cord.generator.painter import Painter
from crosscontrast.cord.generator.tissues import Tissue

#: In mm above the foramen magnum: where the cord ends by our definition, and where the last school would end it.
#: A network goes on for some millimetres beyond what it was taught, as cord and medulla look alike.
CORD_ENDS, MEDULLA_ENDS = -2.0, 24.0
#: Where the brainstem ends in the brain, and with it the fluid around it, in mm above the foramen magnum.
BRAINSTEM_ENDS = 62.0


def paint_brainstem(painter: Painter, grid: Grid, frame: Frame, thecal: Thecal, draw: Draw) -> None:
    """Paint what is above the cord inside the dura: brainstem, cerebellum with its folia, tonsils."""
    above = ((frame.height - CORD_ENDS) * frame.stature + 0.5).clamp(0, 1)
    stem = thecal.cord * above
    mixed = (0.3 + 0.25 * draw.field(grid, draw.uniform(2, 6))).clamp(0, 1)
    painter.place(Tissue.BRAIN_GREY, stem * mixed)
    painter.place(Tissue.BRAIN_WHITE, stem * (1 - mixed))

    aside, rise, back = frame.u.abs(), frame.height - draw.uniform(28, 36), frame.v + draw.uniform(26, 34)
    wide, deep, tall = draw.uniform(24, 32), draw.uniform(20, 28), draw.uniform(20, 30)
    lobe = ellipsoid(aside - draw.uniform(10, 20), back, rise, wide, deep, tall)
    tonsil = ellipsoid(aside - 6, frame.v + 13, frame.height - draw.uniform(-6, 10), 6.0, 6.0, 9.0)
    cerebellum = coverage(torch.minimum(lobe, tonsil), grid)
    folia = torch.sin((rise + 0.4 * back + 2 * draw.field(grid, 9)) * draw.uniform(1.0, 2.2))
    core = (0.5 - (lobe + draw.uniform(3, 9)) / 3).clamp(0, 1)
    painter.add(Tissue.BRAIN_WHITE, cerebellum * (core + 0.4 * (1 - core) * (folia > 0.3)))
    painter.add(Tissue.CSF, cerebellum * (folia < -0.85) * draw.uniform(0, 0.8))
    painter.add(Tissue.BRAIN_GREY, cerebellum)


def paint_skull(painter: Painter, grid: Grid, frame: Frame, draw: Draw) -> None:
    """Paint cerebrum with ventricles, its fluid, the skull and the clivus."""
    wide, deep, tall = draw.uniform(64, 76), draw.uniform(80, 95), draw.uniform(66, 74)
    skull = ellipsoid(frame.u, frame.v - draw.uniform(0, 18), frame.height - draw.uniform(62, 72), wide, deep, tall)
    brain = coverage(torch.maximum(skull + draw.uniform(1, 4), draw.uniform(44, 52) - frame.height), grid)
    ventricle = ellipsoid(
        frame.u.abs() - 9, frame.v - 15, frame.height - 80, draw.uniform(3, 9), 30, draw.uniform(6, 14)
    )
    ribbon = (1.2 - draw.field(grid, draw.uniform(5, 10)).abs() * draw.uniform(2, 4)).clamp(0, 1)
    sulci = (ribbon - 0.9).clamp(min=0) * draw.uniform(0, 8)
    painter.add(Tissue.CSF, brain * torch.maximum(coverage(ventricle, grid), sulci))
    inner = (0.5 - (skull + 20) / 6).clamp(0, 1)  # cortex is near the surface, nuclei are fewer
    painter.add(Tissue.BRAIN_GREY, brain * ribbon * (1 - 0.7 * inner))
    painter.add(Tissue.BRAIN_WHITE, brain)
    painter.add(Tissue.CSF, coverage(skull, grid) * (frame.height > 0))

    thick = draw.uniform(3, 9)
    spongy = torch.maximum((skull - thick / 2).abs() - thick / 5, -frame.height - 3)
    painter.add(Tissue.MARROW, coverage(spongy, grid))
    painter.add(Tissue.CORTICAL, coverage(torch.maximum(skull - thick, -frame.height - 6), grid))
    leaning = frame.v - draw.uniform(17, 24) - 0.35 * frame.height
    clivus = torch.maximum(ellipse(leaning, frame.u, draw.uniform(3, 7), draw.uniform(10, 16)), -2 - frame.height)
    painter.add(draw.pick((Tissue.MARROW, Tissue.CORTICAL)), coverage(clivus, grid))


def paint_face(painter: Painter, grid: Grid, frame: Frame, draw: Draw) -> None:
    """Paint throat, mouth, nose and jaw: air, mucosa, marrow and fat close together, before the upper column."""
    ahead = frame.v - draw.uniform(22, 30)
    reach = (ahead / 4).clamp(0, 1) * ((frame.height + draw.uniform(55, 75)) / 10).clamp(0, 1)
    throat = ellipse(frame.u, ahead - draw.uniform(2, 8), draw.uniform(6, 18), draw.uniform(2, 8))
    painter.add(Tissue.AIR, coverage(throat, grid) * reach)
    rough = draw.field(grid, draw.uniform(5, 14))
    caves = ((rough - draw.uniform(0.7, 1.6)) * 2).clamp(0, 1) * ((ahead - 12) / 4).clamp(0, 1)
    painter.add(Tissue.AIR, caves * reach * (frame.height > draw.uniform(-30, 10)))

    arch = ellipse(frame.u, ahead - 15, draw.uniform(38, 50), draw.uniform(45, 60)).abs() - draw.uniform(3, 6)
    jaw = torch.maximum(arch, (frame.height + draw.uniform(25, 45)).abs() - draw.uniform(8, 25))
    jaw = torch.maximum(jaw, -ahead)
    painter.add(Tissue.MARROW, coverage(jaw + draw.uniform(0.5, 2), grid))
    painter.add(Tissue.CORTICAL, coverage(jaw, grid))
    tongue = ellipsoid(frame.u, ahead - 35, frame.height + draw.uniform(20, 45), 22, 26, 20)
    painter.add(Tissue.DEEP_MUSCLE, coverage(tongue, grid) * reach)
    soft = (draw.field(grid, draw.uniform(4, 9)) * 2 + draw.uniform(-0.5, 1)).clamp(0, 1)
    inner = (0.5 - (frame.u.abs() - draw.uniform(18, 30)) / 4).clamp(0, 1)
    painter.add(Tissue.MUCOSA, soft * reach * inner)
    painter.add(Tissue.FAT, (0.8 - rough.abs() * draw.uniform(1, 3)).clamp(0, 1) * reach)
