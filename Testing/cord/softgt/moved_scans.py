"""Scans of one asymmetric cord on any grid, after any rigid movement of the patient, with their true soft masks."""

from dataclasses import dataclass, field, replace

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.softgt.contrast import Contrast
from crosscontrast.ground.geometry import reorient
from crosscontrast.ground.images import image_like

Array = np.ndarray
Triple = tuple[float, float, float]


def pose(angles: Triple = (0, 0, 0), shift: Triple = (0, 0, 0)) -> sitk.Euler3DTransform:
    """Rigid movement: rotations about x, y, z in degrees about the origin, then a shift in mm (LPS)."""
    transform = sitk.Euler3DTransform()
    transform.SetRotation(*np.deg2rad(angles).tolist())
    transform.SetTranslation(shift)
    return transform


def in_cord(points: Array) -> Array:
    """Which points (..., 3) in mm lie in the cord: an ellipse of 6.5 and 4.2 mm with a bump on the left side, bent."""
    x = points[..., 0] - 3 * np.sin(points[..., 2] / 25)
    y = points[..., 1] - 4 * np.cos(points[..., 2] / 30)
    return ((x / 6.5) ** 2 + (y / 4.2) ** 2 < 1) | ((x - 5.5) ** 2 + (y + 2.0) ** 2 < 2.2**2)


@dataclass(frozen=True)
class Scan:
    """A grid in the scanner, and where the patient lay. ``orientation`` is the order in which the file has its axes."""

    role: str = "T2w"
    size: tuple[int, int, int] = (34, 34, 24)
    spacing: Triple = (1.0, 1.0, 1.8)
    tilt: Triple = (0, 0, 0)
    centre: Triple = (0, 2, 0)
    patient: sitk.Euler3DTransform = field(default_factory=pose)
    orientation: str = "LPS"

    def truth(self) -> sitk.Image:
        """Fraction of every voxel that the cord fills, float32, sampled at 4 x 4 x 4 points."""
        grid = self._grid()
        matrix = np.array(grid.GetDirection()).reshape(3, 3) * np.array(self.spacing)
        k, j, i = np.meshgrid(*[np.arange(n) for n in self.size[::-1]], indexing="ij")
        centres = np.stack([i, j, k], axis=-1) @ matrix.T + np.array(grid.GetOrigin())
        steps = (np.arange(4) + 0.5) / 4 - 0.5
        turn = np.array(self.patient.GetMatrix()).reshape(3, 3)
        shift = np.array(self.patient.GetTranslation())
        shares = sum(
            in_cord((centres + matrix @ np.array([dx, dy, dz]) - shift) @ turn).astype(np.float32)
            for dx in steps
            for dy in steps
            for dz in steps
        )
        return reorient(image_like(shares / 64, grid), self.orientation)

    def contrast(self, truth: sitk.Image | None = None) -> Contrast:
        """What a rater draws: the voxels that are filled by half or more."""
        return Contrast(self.role, sitk.Cast((truth or self.truth()) >= 0.5, sitk.sitkFloat32))

    def _grid(self) -> sitk.Image:
        grid = sitk.Image(self.size, sitk.sitkUInt8)
        direction = np.array(pose(self.tilt).GetMatrix()).reshape(3, 3)
        grid.SetSpacing(self.spacing)
        grid.SetDirection(direction.ravel().tolist())
        half = (np.array(self.size) - 1) / 2 * self.spacing
        grid.SetOrigin((np.array(self.centre) - direction @ half).tolist())
        return grid


#: Different resolutions, tilts, handedness and order of the axes, and positions of the patient.
SCANS = (
    Scan("T2w"),
    Scan("T1w", (38, 36, 29), (0.9, 1.0, 1.5), (8, -5, 6), (1, 3, 2), pose((3, -2, 4), (2, -3, 1.5)), "PIR"),
    Scan("T2star", (56, 54, 9), (0.6, 0.6, 5.0), (-12, 3, -4), (-1, 1, 0), pose((-3, 2, -3), (-2, 2, -1)), "RPS"),
)


def shifted(contrast: Contrast, voxels: tuple[int, int, int]) -> Contrast:
    """The mask moved on its grid by voxels along right-left, back-front, bottom-top, as a mask of something else."""
    values = np.roll(sitk.GetArrayFromImage(contrast.cord), voxels[::-1], axis=(0, 1, 2))
    image = None if contrast.image is None else reorient(contrast.image, "RAS")
    return replace(contrast, mask=image_like(values, contrast.cord), image=image)


def mirrored(contrast: Contrast) -> Contrast:
    """The mask with right and left swapped in its array, its header left as it was."""
    values = sitk.GetArrayFromImage(contrast.cord)[:, :, ::-1].copy()
    return replace(contrast, mask=image_like(values, contrast.cord), image=None)


def with_slices(contrast: Contrast, first: int, last: int) -> Contrast:
    """The mask drawn from slice ``first`` to ``last`` only, counted from the bottom."""
    values = sitk.GetArrayFromImage(contrast.cord)
    values[:first] = 0
    values[last + 1 :] = 0
    return replace(contrast, mask=image_like(values, contrast.cord), image=None)
