"""The contrasts that the translator answers in: the same for every body, without noise, shading or texture."""

import torch
from torch import Tensor

from crosscontrast.cord.generator.tissues import Tissue

#: Intensities, where fluid on T2w and fat on T1w are 1, as turbo spin echo and MPRAGE of the neck show them.
LEVELS: dict[str, dict[Tissue, float]] = {
    "T2w": {
        Tissue.AIR: 0.0,
        Tissue.FAT: 0.65,
        Tissue.EPIDURAL_FAT: 0.6,
        Tissue.MUSCLE: 0.16,
        Tissue.DEEP_MUSCLE: 0.16,
        Tissue.MARROW: 0.36,
        Tissue.CORTICAL: 0.04,
        Tissue.DISC: 0.2,
        Tissue.NUCLEUS: 0.45,
        Tissue.LIGAMENT: 0.08,
        Tissue.DURA: 0.1,
        Tissue.CSF: 1.0,
        Tissue.WHITE: 0.32,
        Tissue.GREY: 0.38,
        Tissue.LESION: 0.58,
        Tissue.SYRINX: 0.95,
        Tissue.ROOT: 0.45,
        Tissue.VEIN: 0.3,
        Tissue.VESSEL: 0.1,
        Tissue.FLOW: 0.05,
        Tissue.BRAIN_WHITE: 0.32,
        Tissue.BRAIN_GREY: 0.42,
        Tissue.MUCOSA: 0.6,
        Tissue.ORGAN: 0.35,
        Tissue.SECOND_ORGAN: 0.3,
        Tissue.LUNG: 0.02,
        Tissue.PIA: 0.5,
    },
    "T1w": {
        Tissue.AIR: 0.0,
        Tissue.FAT: 1.0,
        Tissue.EPIDURAL_FAT: 0.9,
        Tissue.MUSCLE: 0.38,
        Tissue.DEEP_MUSCLE: 0.38,
        Tissue.MARROW: 0.6,
        Tissue.CORTICAL: 0.04,
        Tissue.DISC: 0.38,
        Tissue.NUCLEUS: 0.36,
        Tissue.LIGAMENT: 0.12,
        Tissue.DURA: 0.2,
        Tissue.CSF: 0.14,
        Tissue.WHITE: 0.62,
        Tissue.GREY: 0.54,
        Tissue.LESION: 0.46,
        Tissue.SYRINX: 0.16,
        Tissue.ROOT: 0.42,
        Tissue.VEIN: 0.3,
        Tissue.VESSEL: 0.15,
        Tissue.FLOW: 0.05,
        Tissue.BRAIN_WHITE: 0.64,
        Tissue.BRAIN_GREY: 0.5,
        Tissue.MUCOSA: 0.45,
        Tissue.ORGAN: 0.45,
        Tissue.SECOND_ORGAN: 0.4,
        Tissue.LUNG: 0.03,
        Tissue.PIA: 0.4,
    },
}
#: The translator's outputs, in the order of its channels.
OUTPUTS = tuple(LEVELS)


def clean_images(fractions: Tensor) -> Tensor:
    """Return what each of :data:`OUTPUTS` shows (output, D, H, W) of tissue fractions (tissue, D, H, W)."""
    levels = torch.tensor([[contrast[tissue] for tissue in Tissue] for contrast in LEVELS.values()])
    return torch.einsum("ct,tdhw->cdhw", levels.to(fractions), fractions)
