"""The translators by name."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosscontrast.synthesis.objectives.base import Design, Objective


@dataclass(frozen=True)
class Entry:
    """A translator: where its class is, whether it sees slices (2) or volumes (3), and whether it needs true pairs.

    ``levels`` is how often it halves the image. ``title`` and ``source`` are for people.
    """

    place: str
    dims: int
    paired: bool
    levels: int
    title: str
    source: str


_PAPER = "Salmanpour et al. 2025 (arXiv 2501.18109)"
CATALOGUE = {
    "pix2pix2d": Entry("pix2pix:Pix2Pix", 2, True, 3, "2D Pix2Pix", "Isola et al., CVPR 2017"),
    "cyclegan2d": Entry("cyclegan:CycleGan", 2, False, 2, "2D CycleGAN", "Zhu et al., ICCV 2017"),
    "dualgan2d": Entry("dualgan:DualGan", 2, False, 3, "2D DualGAN", "Yi et al., ICCV 2017"),
    "discogan2d": Entry("discogan:DiscoGan", 2, False, 3, "2D DiscoGAN", "Kim et al., ICML 2017"),
    "gcgan2d": Entry("gcgan:GcGan", 2, False, 2, "2D GcGAN", "Fu et al., CVPR 2019"),
    "cyclegan3d": Entry("cyclegan:CycleGan", 3, False, 2, "3D CycleGAN", _PAPER),
    "unet3d": Entry("regression:UNetRegression", 3, True, 3, "3D U-Net", _PAPER),
    "autoencoder3d": Entry("regression:AutoEncoderRegression", 3, True, 2, "3D autoencoder", _PAPER),
    "pix2pix3d": Entry("pix2pix:Pix2Pix", 3, True, 3, "3D Pix2Pix", "Isola et al., CVPR 2017, in 3D"),
    "perception3d": Entry(
        "perception:Perception", 3, True, 3, "3D residual encoder, anatomical perception", "nnsyn, SynthRAD2025"
    ),
    "bridge2d": Entry("bridge:Bridge", 2, True, 2, "2D diffusion bridge", "Arslan et al. 2024 (arXiv 2405.06789)"),
}
NAMES = tuple(CATALOGUE)


def build_objective(design: "Design") -> "Objective":
    """Build the translator that ``design`` names, with freshly initialised weights."""
    module, _, name = CATALOGUE[design.network].place.partition(":")
    objective: Objective = getattr(import_module(f"crosscontrast.synthesis.objectives.{module}"), name)(design)
    return objective
