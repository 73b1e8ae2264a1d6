"""A cord phantom in several contrasts whose true cross-sectional area is known.

A curved cord of elliptical section, with its pia, in its canal, with vertebrae, discs, muscle and skin around it. It is
for the demo and for tests, not for training: the same anatomy in every contrast, so that a difference between contrasts
is the method's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.files import make_folder
from crosscontrast.ground.images import write_image
from crosscontrast.progress import Progress, silent

#: Relative intensities per contrast: air, muscle, fat, bone, disc, CSF, white matter, grey matter.
CONTRASTS: Mapping[str, tuple[float, ...]] = {
    "T1w": (0.02, 0.42, 0.95, 0.60, 0.45, 0.22, 0.62, 0.55),
    "T2w": (0.02, 0.22, 0.70, 0.35, 0.50, 1.00, 0.42, 0.50),
    "T2star": (0.02, 0.35, 0.45, 0.25, 0.45, 0.90, 0.45, 0.60),
    "MToff": (0.02, 0.40, 0.80, 0.30, 0.45, 0.75, 0.50, 0.53),
}
_AIR, _MUSCLE, _FAT, _BONE, _DISC, _CSF, _WHITE, _GREY = range(8)
#: Thickness in mm of what clings to the cord, pia and ends of rootlets: as bright as the cord, but none of it.
_PIA = 0.25
#: Sub-voxels per axis for partial volume: the volume fractions are then right to about 1/64.
_SUPERSAMPLING = 4


@dataclass(frozen=True)
class CordPhantom:
    """Size, pose and noise of a phantom; lengths in mm.

    ``spacing`` is along right-left, back-front and bottom-top. ``semi_axes`` are those of the cord's section,
    right-left and back-front; ``bend`` is the largest displacement of the centreline to the front. ``direction`` turns
    the whole grid in space (columns are the image axes in LPS, as SimpleITK's), ``seed`` draws the noise.
    """

    size: tuple[int, int, int] = (96, 96, 96)
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    semi_axes: tuple[float, float] = (6.5, 4.2)
    bend: float = 5.0
    shift: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.03
    origin: tuple[float, float, float] = (-48.0, 48.0, -48.0)
    direction: tuple[float, ...] = field(default=(-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0))
    seed: int = 2023

    def area(self) -> float:
        """Area in mm² of the cord's section, at right angles to the centreline."""
        return float(np.pi * self.semi_axes[0] * self.semi_axes[1])

    def soft_truth(self) -> sitk.Image:
        """Fraction of each voxel that the cord fills: float32 in [0, 1]."""
        return self._image(self._fractions()["cord"])

    def image(self, contrast: str) -> sitk.Image:
        """Noisy image of one of :data:`CONTRASTS`, float32, intensities of a few hundred as scanners give them."""
        levels = CONTRASTS[contrast]
        fractions = self._fractions()
        values = np.full(self.size[::-1], levels[_AIR], dtype=np.float32)
        for name, tissue in _LAYERS:
            values += fractions[name] * (levels[tissue] - values)
        generator = np.random.default_rng([self.seed, list(CONTRASTS).index(contrast)])
        real, imaginary = generator.normal(0, self.noise, (2, *values.shape))
        return self._image(600 * np.hypot(values + real, imaginary))

    def _image(self, values: np.ndarray) -> sitk.Image:
        image = sitk.GetImageFromArray(values.astype(np.float32))
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)
        return image

    @lru_cache(maxsize=1)  # noqa: B019 - one phantom's shapes (35 MB): its contrasts are drawn one after the other
    def _fractions(self) -> dict[str, np.ndarray]:
        """Volume fraction (k, j, i) of every structure, each inside the one before it in :data:`_LAYERS`."""
        shares = {name: np.zeros(self.size[::-1], dtype=np.float32) for name, _ in _LAYERS}
        offsets = (np.arange(_SUPERSAMPLING) + 0.5) / _SUPERSAMPLING - 0.5
        for dx in offsets:
            for dy in offsets:
                for dz in offsets:
                    for name, inside in self._structures(np.array([dx, dy, dz])).items():
                        shares[name] += inside
        return {name: share / _SUPERSAMPLING**3 for name, share in shares.items()}

    def _structures(self, offset: np.ndarray) -> dict[str, np.ndarray]:
        x, y, z = (
            (np.arange(n) - (n - 1) / 2 + d) * s for n, d, s in zip(self.size, offset, self.spacing, strict=True)
        )
        z = z[:, None, None]
        extent = self.size[2] * self.spacing[2] / 2
        x = x[None, None, :] - self.shift[0]
        body_y = y[None, :, None] - self.shift[1]
        y = body_y - self.bend * np.cos(np.pi / 2 * z / extent)
        # Shearing slice by slice keeps the in-plane section; dividing by the cosine makes the oblique section true.
        slope = self.bend * np.pi / 2 / extent * np.sin(np.pi / 2 * z / extent)
        a, b = self.semi_axes[0], self.semi_axes[1] * np.hypot(1, slope)

        def ellipse(u: np.ndarray, v: np.ndarray, p: float, q: float | np.ndarray) -> np.ndarray:
            return (u / p) ** 2 + (v / q) ** 2 < 1

        butterfly = ellipse(np.abs(x) - 0.35 * a, y, 0.16 * a, 0.55 * b) | ellipse(x, y, 0.4 * a, 0.12 * b)
        body = ellipse(x, y - 17, 13, 11) & (y > b + 4.5)
        return {
            "skin": ellipse(x, body_y, 46, 40),
            "muscle": ellipse(x, body_y, 40, 34),
            "bone": body | (ellipse(x, y, a + 9, b + 9) & (y < 2)) | ((np.abs(x) < 3) & (y < 0) & (y > -26)),
            "disc": body & (np.mod(z + 4, 17) < 5),
            "epidural": ellipse(x, y, a + 4.5, b + 4.5),
            "canal": ellipse(x, y, a + 3.2, b + 3.0),
            "pia": ellipse(x, y, a + _PIA, b + _PIA),
            "cord": ellipse(x, y, a, b),
            "grey": butterfly & ellipse(x, y, a, b),
        }


_LAYERS = (
    ("skin", _FAT),
    ("muscle", _MUSCLE),
    ("bone", _BONE),
    ("disc", _DISC),
    ("epidural", _FAT),
    ("canal", _CSF),
    ("pia", _WHITE),
    ("cord", _WHITE),
    ("grey", _GREY),
)


def write_cord_phantom(folder: Path, *, seed: int = 2023, progress: Progress = silent) -> tuple[dict[str, Path], Path]:
    """Write the phantom in all contrasts, and its true soft segmentation into the folder ``truth``.

    Returns the images by contrast, and the truth. Raises :class:`OutputError` where nothing can be written.
    """
    body = CordPhantom(seed=seed)
    truth = make_folder(folder / "truth") / "phantom_softseg.nii.gz"
    images = {contrast: folder / f"phantom_{contrast}.nii.gz" for contrast in CONTRASTS}
    for number, (contrast, path) in enumerate(images.items()):
        progress(number, len(images) + 1, contrast)
        write_image(body.image(contrast), path)
    write_image(body.soft_truth(), truth)
    return images, truth
