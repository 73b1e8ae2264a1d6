"""The contrasts that the translator answers in: the same for every body, without noise, shading or texture."""

from dataclasses import dataclass

import torch
from torch import Tensor

from crosscontrast.cord.generator.tissues import Tissue


@dataclass(frozen=True)
class Kind:
    """Tissues that look alike in both contrasts, and their intensity on T2w and T1w; fluid and fat are 1 there."""

    t2w: float
    t1w: float
    tissues: tuple[Tissue, ...]


#: What voxels are made of, as turbo spin echo and MPRAGE of the neck show it.
KINDS: dict[str, Kind] = {
    "air": Kind(0.0, 0.0, (Tissue.AIR, Tissue.LUNG, Tissue.FLOW)),
    "fat": Kind(0.65, 1.0, (Tissue.FAT, Tissue.EPIDURAL_FAT)),
    "muscle": Kind(0.16, 0.38, (Tissue.MUSCLE, Tissue.DEEP_MUSCLE)),
    "marrow": Kind(0.36, 0.6, (Tissue.MARROW,)),
    "dark": Kind(0.06, 0.1, (Tissue.CORTICAL, Tissue.LIGAMENT, Tissue.DURA, Tissue.VESSEL)),
    "disc": Kind(0.28, 0.38, (Tissue.DISC, Tissue.NUCLEUS)),
    "fluid": Kind(1.0, 0.14, (Tissue.CSF, Tissue.SYRINX)),
    "white": Kind(0.32, 0.62, (Tissue.WHITE, Tissue.BRAIN_WHITE)),
    "grey": Kind(0.38, 0.54, (Tissue.GREY, Tissue.BRAIN_GREY)),
    "lesion": Kind(0.58, 0.46, (Tissue.LESION,)),
    "roots": Kind(0.48, 0.42, (Tissue.ROOT, Tissue.PIA)),
    "soft": Kind(0.4, 0.42, (Tissue.MUCOSA, Tissue.ORGAN, Tissue.SECOND_ORGAN, Tissue.VEIN)),
}
#: The translator's outputs, in the order of its channels, and what each shows of each of :data:`KINDS`.
OUTPUTS = ("T2w", "T1w")
LEVELS = ([kind.t2w for kind in KINDS.values()], [kind.t1w for kind in KINDS.values()])


def shares_of(fractions: Tensor) -> Tensor:
    """Return the share of each of :data:`KINDS` (kind, D, H, W) in tissue fractions (tissue, D, H, W)."""
    return torch.stack([fractions[list(kind.tissues)].sum(0) for kind in KINDS.values()])


def clean_images(shares: Tensor) -> Tensor:
    """Return what each of :data:`OUTPUTS` shows (output, D, H, W) of shares (kind, D, H, W)."""
    return torch.einsum("ct,tdhw->cdhw", torch.tensor(LEVELS).to(shares), shares)
