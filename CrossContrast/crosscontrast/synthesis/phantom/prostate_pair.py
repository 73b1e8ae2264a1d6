"""One subject's ultrasound and T2-weighted MRI of the prostate."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from crosscontrast.synthesis.phantom.grid import Grid
from crosscontrast.synthesis.phantom.mri import MrTissue, acquire, spin_echo
from crosscontrast.synthesis.phantom.prostate import PROSTATE, Tissue, draw_prostate
from crosscontrast.synthesis.phantom.ultrasound import Probe, UsTissue, compress, envelope
from crosscontrast.synthesis.seeds import seed_of

#: Relaxation at 3 T in the order of what the literature gives for prostate, muscle and fluid; TR and TE of a usual T2w.
MR = {
    Tissue.FAT: MrTissue(0.75, 380, 70),
    Tissue.PERIPHERAL: MrTissue(0.95, 1600, 150, 0.06),
    Tissue.TRANSITION: MrTissue(0.85, 1350, 90, 0.14),
    Tissue.URETHRA: MrTissue(0.9, 1800, 180),
    Tissue.BENIGN_LESION: MrTissue(0.88, 1400, 105, 0.03),
    Tissue.CANCER: MrTissue(0.82, 1300, 78, 0.12),
    Tissue.BLADDER: MrTissue(1.0, 3500, 700, 0.02),
    Tissue.RECTUM: MrTissue(0.35, 900, 60, 0.2),
    Tissue.MUSCLE: MrTissue(0.8, 1400, 38),
}
REPETITION, ECHO = 4000.0, 100.0
#: What is left of the coil's shading after the usual bias-field correction.
SHADING = 0.05
US = {
    Tissue.FAT: UsTissue(0.55, 0.5),
    Tissue.PERIPHERAL: UsTissue(1.0, 0.45),
    Tissue.TRANSITION: UsTissue(0.42, 0.55),
    Tissue.URETHRA: UsTissue(0.18, 0.3),
    Tissue.BENIGN_LESION: UsTissue(0.65, 0.5),
    Tissue.CANCER: UsTissue(0.3, 0.6),
    Tissue.BLADDER: UsTissue(0.02, 0.02),
    Tissue.RECTUM: UsTissue(1.6, 0.5),
    Tissue.MUSCLE: UsTissue(0.35, 0.8),
}


@dataclass(frozen=True)
class ProstatePair:
    """The images of one subject, all on one grid.

    ``us`` and ``t2w`` are float32; ``zones`` is the label map of :class:`Tissue` (prostate only) as the MRI sees it,
    ``us_mask`` and ``t2w_mask`` the prostate in each image, which differ where the two are misregistered.
    """

    us: sitk.Image
    t2w: sitk.Image
    zones: sitk.Image
    us_mask: sitk.Image
    t2w_mask: sitk.Image
    cancer: bool
    lesion_ml: float


def draw_pair(grid: Grid, seed: int, cancer: bool, misregistration: float = 0.0) -> ProstatePair:
    """Draw the subject of ``seed``; ``misregistration`` in mm shifts and bends what the ultrasound sees.

    With 0 both modalities show the same anatomy voxel by voxel; the value is the root mean square displacement.
    """
    random = np.random.default_rng(seed_of(seed, 1))
    body, points = draw_prostate(grid, random, cancer), grid.points()
    texture = grid.smooth_field(random, 0.12 * grid.size * grid.spacing)
    seen_by_mr = body.paint(points, texture)
    moved = points + displacement(grid, seed, misregistration) if misregistration else points
    seen_by_us = body.paint(moved, texture)
    signals = {int(t): spin_echo(tissue, REPETITION, ECHO) for t, tissue in MR.items()}
    textures = {int(t): tissue.texture for t, tissue in MR.items()}
    t2w = acquire(seen_by_mr, signals, textures, grid, random, noise=0.012, shading=SHADING)
    probe = Probe()
    amplitude = envelope(seen_by_us, {int(t): tissue for t, tissue in US.items()}, grid, probe, seed_of(seed, 2))
    us = compress(amplitude, probe, 10**-2.6 * random.standard_normal(amplitude.shape))
    inside = np.isin(seen_by_mr, PROSTATE)
    lesion = np.isin(seen_by_mr, (Tissue.BENIGN_LESION, Tissue.CANCER))
    return ProstatePair(
        us=grid.to_image(us),
        t2w=grid.to_image(t2w),
        zones=grid.to_image(np.where(inside, seen_by_mr, 0).astype(np.uint8)),
        us_mask=grid.to_image(np.isin(seen_by_us, PROSTATE).astype(np.uint8)),
        t2w_mask=grid.to_image(inside.astype(np.uint8)),
        cancer=cancer,
        lesion_ml=float(lesion.sum()) * grid.spacing**3 / 1000,
    )


def displacement(grid: Grid, seed: int, rms: float) -> np.ndarray:
    """Return (3, k, j, i) in mm: half of the squared displacement is a shift of the whole, half a smooth bending."""
    random = np.random.default_rng(seed_of(seed, 3))
    shift = random.standard_normal(3)
    shift *= np.sqrt(0.5) / np.linalg.norm(shift)
    bend = np.stack([grid.smooth_field(random, 12.0) for _ in range(3)]) * np.sqrt(0.5 / 3)
    field = shift.reshape(3, 1, 1, 1) + bend
    return rms * field / np.sqrt((field**2).sum(0).mean())
