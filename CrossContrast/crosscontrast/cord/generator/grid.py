"""The voxel grid on which an anatomy is evaluated, and the shapes that are measured on it."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Grid:
    """Voxel centres around the origin: array axes (D, H, W) grow to the top, the front and the right (RAS)."""

    shape: tuple[int, int, int]
    spacing: float = 1.0
    device: torch.device | str = "cpu"

    @property
    def size(self) -> tuple[float, float, float]:
        """Extent in mm along D, H, W."""
        depth, height, width = self.shape
        return depth * self.spacing, height * self.spacing, width * self.spacing

    def axes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the coordinates z (D, 1, 1), y (1, H, 1), x (1, 1, W) in mm."""
        z, y, x = (
            (torch.arange(n, device=self.device, dtype=torch.float32) - (n - 1) / 2) * self.spacing for n in self.shape
        )
        return z[:, None, None], y[None, :, None], x[None, None, :]

    def refined(self, factor: int) -> "Grid":
        """Return the grid of the same extent with ``factor`` times as many voxels along each axis."""
        depth, height, width = self.shape
        return Grid((depth * factor, height * factor, width * factor), self.spacing / factor, self.device)


def coverage(distance: Tensor, grid: Grid) -> Tensor:
    """Return the share of each voxel that lies inside a surface, from the signed distance in mm (negative inside).

    A plane cuts a cube's volume in a way that depends on its direction. This one curve, a cubic over 1.3 voxels, is
    within 0.045 of the truth for every direction and within 0.008 on average (a ramp over one voxel: 0.018).
    A round body gains a little: a tube of radius r mm at 1 mm voxels 0.085 / r**2 of its area, 0.5 % of a thin cord's.
    """
    share = (0.5 - distance / (1.3 * grid.spacing)).clamp_(0, 1)
    return share * share * (3 - 2 * share)


def true_distance(level: Tensor, grid: Grid) -> Tensor:
    """Turn a level function that only vanishes at the surface into a distance in mm, by its gradient's length.

    Shears, warps and bumps change how fast a level function grows; without this a tilted cord gets blunter edges.
    """
    slopes = torch.gradient(level, spacing=grid.spacing)
    return level / sum((slope**2 for slope in slopes), torch.zeros_like(level)).sqrt_().clamp_(0.3, 3.0)


def ellipse(u: Tensor, v: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
    """Return the signed distance to an ellipse with half axes ``a``, ``b``, to first order at its boundary."""
    p, q = u / a, v / b
    radius = (p * p + q * q).sqrt_().clamp_(min=1e-3)
    slope = ((p / a) ** 2 + (q / b) ** 2).sqrt_().clamp_(min=1e-5)
    return (radius - 1) * radius / slope


def tube(u: Tensor, v: Tensor, radius: float, stretch: float = 1.0) -> Tensor:
    """Return about the signed distance to a nearly round tube: cheaper than :func:`ellipse` where precision is idle."""
    return torch.hypot(u, v / stretch).sub_(radius)


def ellipsoid(u: Tensor, v: Tensor, w: Tensor, a: float, b: float, c: float) -> Tensor:
    """Return the signed distance to an ellipsoid with half axes ``a``, ``b``, ``c``, to first order at its boundary."""
    p, q, r = u / a, v / b, w / c
    radius = (p * p + q * q + r * r).sqrt_().clamp_(min=1e-3)
    slope = ((p / a) ** 2 + (q / b) ** 2 + (r / c) ** 2).sqrt_().clamp_(min=1e-5)
    return (radius - 1) * radius / slope
