"""What a scanner does to a body's intensities: coil sensitivity, thick slices, blur, noise, motion, artefacts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid

#: From this thickness in mm on, an image is a stack of slices rather than a volume.
THICK = 1.8
#: Smaller voxels than this, in mm, are often interpolated, and are then no sharper.
FINEST = 0.85


def smooth(image: Tensor, sigmas: tuple[float, float, float]) -> Tensor:
    """Blur (D, H, W) with a Gaussian of ``sigmas`` voxels along D, H, W."""
    x = image[None, None]
    for axis, sigma in enumerate(sigmas):
        if sigma < 0.15:
            continue
        radius = max(1, math.ceil(2.5 * sigma))
        offsets = torch.arange(-radius, radius + 1, device=image.device)
        kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
        shape, padding = [1, 1, 1, 1, 1], [0] * 6
        shape[2 + axis] = 2 * radius + 1
        padding[2 * (2 - axis)] = padding[2 * (2 - axis) + 1] = radius
        x = functional.conv3d(functional.pad(x, padding, mode="replicate"), (kernel / kernel.sum()).view(shape))
    return x[0, 0]


def cord_motion(image: Tensor, canal: Tensor, fluid: float, draw: Draw) -> Tensor:
    """Blur what lies in the canal as a cord does that moves with pulse and breath, within a sac that stays sharp.

    ``canal`` (D, H, W) is the share of each voxel inside the dura, ``fluid`` the fluid's intensity, which stands for
    all that is outside.
    """
    content = fluid + canal * (image - fluid)
    moved = smooth(content, (0.0, draw.uniform(0.4, 1.1), draw.uniform(0.4, 1.1)))
    return image + canal * (moved - content)


def coil_shading(image: Tensor, grid: Grid, draw: Draw) -> Tensor:
    """Multiply by a smooth sensitivity, sometimes that of a surface coil behind the back."""
    exponent = draw.uniform(0, 0.45) * draw.field(grid, draw.uniform(35, 90))
    if draw.chance(0.35):
        _, y, _ = grid.axes()
        exponent = exponent - y / draw.uniform(35, 120)
    return image * torch.exp(exponent.clamp(-2, 2))


def signal_loss(image: Tensor, along: Tensor, grid: Grid, draw: Draw) -> Tensor:
    """Take signal away where the field is disturbed: beside each disc, near air or metal, at the end of a slab."""
    if draw.chance(0.12):
        period, phase = draw.uniform(14, 36), draw.uniform(0, 2 * math.pi)
        image = image * (1 - draw.uniform(0.1, 0.7) * torch.sin(along * (math.pi / period) + phase) ** 8)
    if draw.chance(0.12):
        z, _, _ = grid.axes()
        from_end = grid.size[0] / 2 - draw.pick((-1, 1)) * z
        image = image * (1 - draw.uniform(0.2, 0.85) * torch.exp(-from_end / draw.uniform(3, 10)))
    if draw.chance(0.06):
        z, y, x = grid.axes()
        depth, height, width = grid.size
        centre = [draw.uniform(-0.5, 0.5) * side for side in (depth, height, width)]
        square = (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2
        radius = draw.uniform(3, 14)
        hole = torch.sigmoid((radius**2 - square) / (radius * 2))
        rim = torch.exp(-(((square.sqrt() - radius) / 1.5) ** 2))
        image = image * (1 - hole) + draw.uniform(0, 1.0) * rim * image.mean()
    return image


@dataclass(frozen=True)
class Sampling:
    """The acquired ``voxel`` along D, H, W in mm, slice distance included, of which ``thin`` slices fill little.

    Thin slices far apart come from wide gaps, and from fine volumes that were resampled onto a stack of thick slices.
    """

    voxel: tuple[float, float, float]
    thin: bool = False


def draw_sampling(draw: Draw, *, slab: bool = False) -> Sampling:
    """Draw isotropic voxels, or slices in one of the three planes; those of an excited ``slab`` are mostly axial."""
    shares = (0.2, 0.8, 0.0, 0.0) if slab else (0.38, 0.43, 0.15, 0.04)
    kind = draw.pick(("isotropic", "axial", "sagittal", "coronal"), shares)
    if kind == "isotropic":
        side = draw.uniform(0.7, 1.4)
        return Sampling((side, side, side))
    fine, thick = draw.uniform(0.4, 1.2), draw.uniform(2, 6) if draw.chance(0.8) else draw.uniform(1, 9)
    voxels = {"axial": (thick, fine, fine), "sagittal": (fine, fine, min(thick, 5.0)), "coronal": (fine, thick, fine)}
    return Sampling(voxels[kind], thin=draw.chance(0.3))


def acquire(image: Tensor, sampling: Sampling, draw: Draw) -> Tensor:
    """Return the image as sampled, with noise and artefacts, interpolated back to the 1 mm grid."""
    resolution = sampling.voxel
    blur = 1.1 if draw.chance(0.4) else 0.55  # many images are less sharp than their voxels promise
    sigmas = [draw.uniform(0, blur) * (max(r, FINEST) if r < 2 else draw.uniform(0, 0.3) * r) for r in resolution]
    image = smooth(image, (sigmas[0], sigmas[1], sigmas[2]))
    coarse = _moved(_sampled(image[None], resolution, thin=sampling.thin)[0], resolution, draw)
    if draw.chance(0.15):
        coarse = _truncated(coarse, draw)
    coarse = _noisy(coarse, draw)
    if coarse.shape != image.shape:
        coarse = functional.interpolate(coarse[None, None], size=image.shape, mode="trilinear", align_corners=False)[
            0, 0
        ]
    return coarse


def through_slices(fractions: Tensor, sampling: Sampling) -> Tensor:
    """Average (C, D, H, W) over slices thicker than :data:`THICK` mm, as :func:`acquire` does with the image.

    What fills a thick voxel is the mean over its thickness: an oblique cord has soft flanks there.
    """
    thick = [r if r > THICK else 1.0 for r in sampling.voxel]
    if max(thick) == 1.0:
        return fractions
    coarse = _sampled(fractions, thick, thin=sampling.thin)
    return functional.interpolate(coarse[None], size=fractions.shape[1:], mode="trilinear", align_corners=False)[0]


def _sampled(x: Tensor, voxel: Sequence[float], *, thin: bool) -> Tensor:
    """Return (C, D, H, W) averaged over voxels; thin slices take one or two millimetres about their middle instead."""
    size = x.shape[1:]
    sides = _sides(size, voxel)
    if thin:
        depth, height, width = (n if r > THICK else side for n, r, side in zip(size, voxel, sides, strict=True))
        x = functional.adaptive_avg_pool3d(x[None], (depth, height, width))
        return functional.interpolate(x, size=sides, mode="trilinear", align_corners=False)[0]
    return x if sides == tuple(size) else functional.adaptive_avg_pool3d(x[None], sides)[0]


def _sides(shape: Sequence[int], resolution: Sequence[float]) -> tuple[int, int, int]:
    """Return how many voxels of ``resolution`` mm cover ``shape`` voxels of 1 mm; finer ones count as 1 mm."""
    depth, height, width = (max(2, round(n / r)) if r > 1.05 else n for n, r in zip(shape, resolution, strict=True))
    return depth, height, width


def _moved(image: Tensor, resolution: tuple[float, float, float], draw: Draw) -> Tensor:
    """Add ghosts of the moving body, slices that differ in brightness, or in-plane shifts from slice to slice."""
    slice_axis = max(range(3), key=lambda axis: resolution[axis])
    thick = resolution[slice_axis] > THICK
    if draw.chance(0.1):
        axis, shift = draw.pick((0, 1, 2)), draw.uniform(0.1, 0.5)
        ghost = torch.roll(image, round(shift * image.shape[axis]), axis)
        image = (1 - draw.uniform(0, 0.25)) * image + draw.uniform(0, 0.25) * ghost
    if thick and draw.chance(0.15):
        shape = [1, 1, 1]
        shape[slice_axis] = image.shape[slice_axis]
        image = image * (1 + draw.uniform(0, 0.2) * draw.white(shape)).clamp(min=0.2)
    if not thick and draw.chance(0.05):
        image = smooth(image, (draw.uniform(0, 1), draw.uniform(0, 1), draw.uniform(0, 1)))
    return image


def _truncated(image: Tensor, draw: Draw) -> Tensor:
    """Cut off high frequencies along one axis, which leaves Gibbs ringing beside every edge."""
    axis, keep = draw.pick((0, 1, 2)), draw.uniform(0.55, 0.9)
    spectrum = torch.fft.rfft(image, dim=axis)
    cut = max(2, int(keep * spectrum.shape[axis]))
    spectrum.narrow(axis, cut, spectrum.shape[axis] - cut).zero_()
    return torch.fft.irfft(spectrum, n=image.shape[axis], dim=axis).clamp(min=0)


def _noisy(image: Tensor, draw: Draw) -> Tensor:
    """Add Rician noise (a magnitude image) or Gaussian noise (a combined or filtered one)."""
    if draw.chance(0.07):
        return image
    strong = 0.06 if draw.chance(0.85) else 0.15
    deviation = draw.uniform(0, strong) * float(image.mean() + 0.1)
    real = image + deviation * draw.white(image.shape)
    if draw.chance(0.35):
        return real.clamp(min=0)
    return (real**2 + (deviation * draw.white(image.shape)) ** 2).sqrt()
