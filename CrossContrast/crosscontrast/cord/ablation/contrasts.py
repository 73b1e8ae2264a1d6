"""The six contrasts of the generated cohort, and how a person would draw the cord in each."""

from dataclasses import dataclass

import torch

from crosscontrast.cord.generator.contrast import CLINGING, DARK, INTENSITIES, Contrast
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.tissues import Tissue


@dataclass(frozen=True)
class CohortContrast:
    """One contrast of the cohort: its looks and its bias.

    ``column`` chooses the ranges of :data:`INTENSITIES`; ``white``, ``grey`` and ``fluid`` are set because they decide
    how the cord's edge looks. ``resolution`` is the acquired voxel along D, H, W in mm. ``boundary`` is how far, in mm,
    a rater's outline lies outside the cord's surface (inside, if negative): what is bright looks larger, so bright
    fluid makes the drawn cord smaller and dark fluid makes it larger.
    """

    name: str
    column: int
    white: float
    grey: float
    fluid: float
    resolution: tuple[float, float, float]
    boundary: float


#: The contrasts of Bédard et al. 2023. The sizes of the bias are chosen, not measured: they sum to about nothing, and
#: spread the areas of a person's manual masks by about 5 mm² (SD).
CONTRASTS = (
    CohortContrast("T1w", 0, 0.60, 0.53, 0.20, (1.0, 1.0, 1.0), 0.20),
    CohortContrast("T2w", 1, 0.34, 0.40, 1.00, (1.0, 1.0, 1.0), -0.20),
    CohortContrast("T2starw", 2, 0.50, 0.66, 0.85, (3.0, 1.0, 1.0), -0.15),
    CohortContrast("MTon", 3, 0.32, 0.38, 0.62, (3.0, 1.0, 1.0), -0.10),
    CohortContrast("MToff", 3, 0.55, 0.58, 0.75, (3.0, 1.0, 1.0), 0.05),
    CohortContrast("DWI", 4, 0.80, 0.74, 0.15, (3.0, 1.0, 1.0), 0.25),
)
#: How much a tissue's brightness differs between persons, and its texture, as shares.
_BETWEEN_PERSONS, _TEXTURE = 0.05, 0.06


def draw_looks(contrast: CohortContrast, draw: Draw) -> Contrast:
    """Return one person's intensities in a contrast."""
    # Tissues without ranges have a brightness that belongs to the contrast, the same in every person.
    fixed = Draw(CONTRASTS.index(contrast))
    means = torch.tensor([fixed.uniform(0.1, 0.8) for _ in Tissue])
    for tissue, ranges in INTENSITIES.items():
        means[tissue] = sum(ranges[contrast.column]) / 2
    for tissue, interval in DARK.items():
        means[tissue] = sum(interval) / 2
    means[Tissue.AIR] = 0.02
    means[[Tissue.WHITE, Tissue.LESION, Tissue.BRAIN_WHITE]] = contrast.white
    means[[Tissue.GREY, Tissue.BRAIN_GREY]] = contrast.grey
    means[[Tissue.CSF, Tissue.SYRINX]] = contrast.fluid
    for tissue, towards in CLINGING.items():
        means[tissue] = contrast.white + sum(towards) / 2 * (contrast.fluid - contrast.white)
    means *= torch.tensor([draw.factor(_BETWEEN_PERSONS) for _ in Tissue])
    return Contrast(contrast.name, means, _TEXTURE * means)
