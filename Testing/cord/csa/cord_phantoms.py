"""Tubes whose cross-section is known, drawn with the true fraction of every voxel that lies inside."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

Array = np.ndarray


@dataclass(frozen=True)
class Tube:
    """A tube of elliptic cross-section around a straight or circular axis through the world's origin.

    ``semi_axes`` are in mm along right-left and (mostly) front-back. Straight (``bend`` 0): leaning by ``lean``
    degrees towards the direction ``towards`` (degrees, 0 = right-left, 90 = front-back). Bent: a circle of radius
    ``bend`` mm in the sagittal plane, upright at the origin.
    """

    semi_axes: tuple[float, float] = (6.0, 4.5)
    lean: float = 0.0
    towards: float = 0.0
    bend: float = 0.0

    @property
    def area(self) -> float:
        return float(np.pi * np.prod(self.semi_axes))

    def excess(self, points: Array) -> Array:
        """Signed distance-like value in mm of world points (..., 3), below 0 inside, never larger than the distance."""
        u, v = self._bent(points) if self.bend else self._straight(points)
        a, b = self.semi_axes
        return (np.sqrt((u / a) ** 2 + (v / b) ** 2) - 1) * min(a, b)

    def _straight(self, points: Array) -> tuple[Array, Array]:
        lean, towards = np.radians([self.lean, self.towards])
        side = np.array([np.cos(towards), np.sin(towards), 0])
        up = np.array([0, 0, 1.0])
        axis = np.cos(lean) * up + np.sin(lean) * side
        u_axis = np.array([1.0, 0, 0]) - axis[0] * axis
        u_axis /= np.linalg.norm(u_axis)
        return points @ u_axis, points @ np.cross(axis, u_axis)

    def _bent(self, points: Array) -> tuple[Array, Array]:
        return points[..., 0], np.hypot(points[..., 1] - self.bend, points[..., 2]) - self.bend


def rotation(axis: tuple[float, float, float], degrees: float) -> Array:
    """Rotation matrix about an axis."""
    transform = sitk.VersorTransform(axis, float(np.radians(degrees)))
    return np.array(transform.GetMatrix()).reshape(3, 3)


def draw(
    inside: Callable[[Array], Array],
    size: tuple[int, int, int] = (64, 64, 24),
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    direction: Array | None = None,
    samples: tuple[int, int, int] = (6, 6, 6),
) -> sitk.Image:
    """Draw the fraction of each voxel where ``inside(points) < 0``; the grid is centred on the world's origin.

    ``inside`` gives mm and must not exceed the distance to the surface: only voxels it may cut are sampled finely.
    """
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    direction = np.eye(3) if direction is None else direction
    image.SetDirection(direction.ravel().tolist())
    image.SetOrigin((-direction @ ((np.array(size) - 1) / 2 * spacing)).tolist())
    matrix = direction * np.array(spacing)
    k, j, i = np.meshgrid(*[np.arange(n) for n in size[::-1]], indexing="ij")
    centres = np.stack([i, j, k], axis=-1) @ matrix.T + np.array(image.GetOrigin())
    excess = inside(centres)
    values = (excess < 0).astype(np.float32)
    cut = np.abs(excess) <= np.linalg.norm(spacing) / 2
    fine = np.meshgrid(*[(np.arange(n) + 0.5) / n - 0.5 for n in samples], indexing="ij")
    offsets = np.stack([f.ravel() for f in fine], axis=-1) @ matrix.T
    values[cut] = np.concatenate(
        [
            (inside(part[:, None, :] + offsets) < 0).mean(axis=1)
            for part in np.array_split(centres[cut], 1 + int(cut.sum()) // 4000)
        ]
    )
    drawn = sitk.GetImageFromArray(values)
    drawn.CopyInformation(image)
    return drawn
