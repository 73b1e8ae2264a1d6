"""How bright each tissue is: named contrasts with wide ranges, and a random one that knows no rules."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.tissues import Tissue

Range = tuple[float, float]

#: Intensities relative to a bright tissue under T1, T2, T2*, magnetisation transfer, diffusion and proton density
#: weighting. Wider than any one sequence, since field strengths, timings and coils differ; a tissue that is not here
#: can have any.
INTENSITIES: dict[Tissue, tuple[Range, ...]] = {
    Tissue.FAT: ((0.7, 1.3), (0.3, 1.1), (0.15, 0.8), (0.7, 1.4), (0.0, 0.4), (0.7, 1.5)),
    Tissue.EPIDURAL_FAT: ((0.6, 1.2), (0.3, 1.0), (0.1, 0.7), (0.5, 1.2), (0.0, 0.4), (0.5, 1.4)),
    Tissue.MUSCLE: ((0.25, 0.55), (0.06, 0.3), (0.2, 0.5), (0.2, 0.6), (0.05, 0.35), (0.3, 0.7)),
    Tissue.DEEP_MUSCLE: ((0.25, 0.55), (0.06, 0.3), (0.2, 0.5), (0.2, 0.6), (0.05, 0.35), (0.3, 0.7)),
    Tissue.MARROW: ((0.35, 0.9), (0.1, 0.6), (0.03, 0.4), (0.15, 0.6), (0.02, 0.3), (0.15, 0.6)),
    Tissue.DISC: ((0.25, 0.5), (0.04, 0.4), (0.2, 0.9), (0.2, 0.6), (0.02, 0.4), (0.3, 0.65)),
    Tissue.NUCLEUS: ((0.25, 0.5), (0.1, 1.0), (0.3, 1.0), (0.2, 0.7), (0.05, 0.5), (0.3, 0.7)),
    Tissue.CSF: ((0.03, 0.35), (0.6, 1.2), (0.45, 1.1), (0.2, 0.9), (0.0, 0.45), (0.4, 0.8)),
    Tissue.WHITE: ((0.45, 0.75), (0.18, 0.5), (0.35, 0.65), (0.4, 0.8), (0.6, 1.0), (0.6, 0.95)),
    Tissue.MUCOSA: ((0.3, 0.6), (0.3, 1.0), (0.3, 0.9), (0.3, 0.8), (0.05, 0.6), (0.4, 0.8)),
    Tissue.VEIN: ((0.1, 0.9), (0.05, 1.0), (0.2, 1.2), (0.4, 1.2), (0.0, 0.3), (0.4, 1.3)),
    Tissue.VESSEL: ((0.0, 1.0), (0.0, 1.0), (0.5, 1.4), (0.6, 1.5), (0.0, 0.3), (0.6, 1.6)),
}
#: Nearly always dark, whatever the weighting.
DARK: dict[Tissue, Range] = {
    Tissue.LUNG: (0.0, 0.15),
    Tissue.CORTICAL: (0.0, 0.2),
    Tissue.LIGAMENT: (0.0, 0.3),
    Tissue.DURA: (0.0, 0.3),
}
#: How far the brightness of what clings to the cord or leaves it lies from white matter's towards fluid's, in every
#: contrast alike: else areas, which leave these out, would depend on the contrast.
CLINGING: dict[Tissue, Range] = {Tissue.PIA: (0.0, 0.4), Tissue.ROOT: (-0.1, 0.7)}


@dataclass(frozen=True)
class Weighting:
    """A family of sequences: how often it is drawn, its column in :data:`INTENSITIES`, and the cord's inner contrast.

    ``grey`` is the range of grey minus white matter, which ``strong`` of the images exaggerate. ``dark`` is how often
    the tissues of :data:`DARK` are so. ``fluid`` are ranges of fluid over white matter that most of the images keep to.
    ``slab`` is how often the image is an excited slab, at whose ends the contrast is another.
    """

    share: float
    column: int | None
    grey: Range
    strong: float = 0.1
    dark: float = 0.85
    fluid: tuple[Range, ...] = ()
    slab: float = 0.1


WEIGHTINGS: dict[str, Weighting] = {
    "T1": Weighting(0.2, 0, (-0.14, 0.02), strong=0.05),
    "T2": Weighting(0.2, 1, (-0.02, 0.15)),
    "T2star": Weighting(0.2, 2, (0.02, 0.3), strong=0.4, slab=0.2),
    # With the pulse the cord is a little darker than the fluid, without it a little brighter. The dura is much darker
    # than both and must not be taken for the fluid. Many are slabs, in whose ends the fluid is the brighter one.
    "MT": Weighting(0.16, 3, (-0.05, 0.1), fluid=((0.6, 0.9), (1.1, 1.8)), slab=0.8),
    # Short echoes without the pulse: a cord a little brighter than the fluid, and all around darker than both. A faint
    # edge beside strong ones is drawn too far out by a network that saw few of them.
    "PD": Weighting(0.14, 5, (-0.04, 0.05), dark=0.95, fluid=((0.6, 0.95),), slab=0.8),
    "diffusion": Weighting(0.04, 4, (-0.15, 0.12), dark=0.6),
    "random": Weighting(0.06, None, (-0.2, 0.2), dark=0.6, slab=0.2),
}


#: Echo-planar images: fluid brighter than the cord, fat suppressed. Only where a wide search asks for them.
ECHO_PLANAR = Weighting(0.0, 2, (0.0, 0.2), dark=0.7, fluid=((1.05, 2.2),))
#: How much of its signal suppressed fat keeps, at most.
_SUPPRESSED = 0.3


@dataclass(frozen=True)
class Contrast:
    """Mean intensity and texture strength per tissue, both (tissue,); ``slab`` is whether it is an excited slab's."""

    name: str
    means: Tensor
    textures: Tensor
    slab: bool = False


def draw_contrast(draw: Draw, *, echo_planar: bool = False) -> Contrast:
    """Draw a contrast in which the cord can be told from the fluid, be it by its grey matter alone."""
    name, weighting = "EPI", ECHO_PLANAR
    if not echo_planar:
        name = draw.pick(list(WEIGHTINGS), [w.share for w in WEIGHTINGS.values()])
        weighting = WEIGHTINGS[name]
    means = torch.tensor([draw.uniform(0.0, 1.0) for _ in Tissue])
    if weighting.column is not None:
        for tissue, ranges in INTENSITIES.items():
            means[tissue] = draw.uniform(*ranges[weighting.column])
    means[Tissue.AIR] = draw.uniform(0.0, 0.05)
    if draw.chance(weighting.dark):
        for tissue, interval in DARK.items():
            means[tissue] = draw.uniform(*interval)
    _relate_tissues(means, draw)
    _set_cord(means, weighting, draw)
    textures = torch.tensor([draw.uniform(0, 0.25) for _ in Tissue]) * means
    # Cord and fluid are smooth: a network that sees much texture in them learns to overlook a faint border.
    textures[[Tissue.WHITE, Tissue.GREY, Tissue.CSF, Tissue.PIA]] *= draw.uniform(0, 0.25)
    return Contrast(name, means.clamp(min=0), textures, slab=draw.chance(weighting.slab))


def suppress_fat(contrast: Contrast, draw: Draw) -> Contrast:
    """Return the contrast with little signal of fat, as after a pulse that saturates it."""
    means = contrast.means.clone()
    means[[Tissue.FAT, Tissue.EPIDURAL_FAT]] *= draw.uniform(0, _SUPPRESSED)
    means[Tissue.MARROW] *= draw.uniform(0.2, 0.8)
    return replace(contrast, means=means)


def swap_fat(contrast: Contrast) -> Contrast:
    """Return the contrast with fat as bright as water and water as fat, as where a Dixon reconstruction errs."""
    means = contrast.means.clone()
    fat, muscle = [Tissue.FAT, Tissue.EPIDURAL_FAT, Tissue.MARROW], [Tissue.MUSCLE, Tissue.DEEP_MUSCLE]
    means[fat], means[muscle] = contrast.means[Tissue.MUSCLE], contrast.means[Tissue.FAT]
    return replace(contrast, means=means)


def draw_drifted(contrast: Contrast, draw: Draw) -> Tensor:
    """Return the tissues' intensities (tissue,) at the ends of a slab, where flip angle and saturation fall off.

    The weighting goes towards proton density: all tissues come closer to each other, and the fluid, which is saturated
    within the slab and fresh at its ends, becomes brighter relative to the cord. In three people,
    with magnetisation transfer and without, it is 1.7 to 2.1 times as bright there: a faint dark fluid becomes a faint
    bright one.
    """
    means = contrast.means
    common = float(means[Tissue.MUSCLE] + means[Tissue.WHITE]) / 2
    flat = means + draw.uniform(0.2, 0.8) * (common - means)
    flat[Tissue.AIR] = means[Tissue.AIR]
    white = float(flat[Tissue.WHITE])
    within = float(means[Tissue.CSF] / means[Tissue.WHITE].clamp(min=1e-3))
    flat[Tissue.CSF] = white * max(within, 0.5) * draw.uniform(1.3, 2.4)
    flat[Tissue.GREY] = white * draw.uniform(0.95, 1.25)
    _set_clinging(flat, draw)
    return (flat * draw.uniform(0.4, 1.2)).clamp(min=0)


def _set_clinging(means: Tensor, draw: Draw) -> None:
    """Set the tissues of :data:`CLINGING` between white matter and fluid."""
    for tissue, towards in CLINGING.items():
        means[tissue] = means[Tissue.WHITE] + draw.uniform(*towards) * (means[Tissue.CSF] - means[Tissue.WHITE])


def _relate_tissues(means: Tensor, draw: Draw) -> None:
    """Make tissues that often look alike look alike, and flowing blood often black."""
    for tissue, like, share in (
        (Tissue.NUCLEUS, Tissue.DISC, 0.5),
        (Tissue.DEEP_MUSCLE, Tissue.MUSCLE, 0.6),
    ):
        if draw.chance(share):
            means[tissue] = means[like] * draw.factor(0.15)
    if draw.chance(0.5):
        means[Tissue.FLOW] = draw.uniform(0, 0.15)


def _set_cord(means: Tensor, weighting: Weighting, draw: Draw) -> None:
    """Set the intensities inside the dura relative to each other.

    In one image of twenty of the weightings that show grey matter, the fluid hardly differs from white matter, and only
    grey matter and the dura tell where the cord is: a network that never saw this marks the grey core alone.
    """
    white = float(means[Tissue.WHITE].clamp(min=0.12))
    fluid = float(means[Tissue.CSF])
    difference = draw.uniform(*weighting.grey) * (1.6 if draw.chance(weighting.strong) else 0.7)
    if max(weighting.grey) >= 0.12 and draw.chance(0.05):
        difference = draw.pick((-1, 1), (0.15, 0.85)) * draw.uniform(0.1, 0.35)
        fluid = white * draw.uniform(0.88, 1.15)
    elif weighting.fluid and draw.chance(0.8):
        fluid = white * draw.uniform(*draw.pick(weighting.fluid))
    elif abs(fluid - white) < 0.12:
        fluid = white + draw.pick((-1.0, 1.0), (0.35, 0.65)) * draw.uniform(0.09, 0.3)
    fluid = max(fluid, 0.0)
    means[Tissue.WHITE], means[Tissue.GREY], means[Tissue.CSF] = white, white + difference, fluid
    _set_clinging(means, draw)
    means[Tissue.LESION] = white + draw.pick((-1, 1), (0.4, 0.6)) * draw.uniform(0.03, 0.35)
    means[Tissue.SYRINX] = fluid * draw.factor(0.1)
    means[Tissue.BRAIN_WHITE] = white * draw.factor(0.15)
    means[Tissue.BRAIN_GREY] = means[Tissue.BRAIN_WHITE] + 0.7 * difference
