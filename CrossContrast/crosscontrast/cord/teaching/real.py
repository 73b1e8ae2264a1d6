"""Real images with masks as a second source of patches, augmented into many."""

import math
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk
import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.cord.generator.acquisition import acquire, coil_shading, draw_sampling, smooth
from crosscontrast.cord.generator.appearance import Sample, normalise_foreground
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import AWAY, draw_offset
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import read_cohort
from crosscontrast.ground.geometry import reorient, resample_to_spacing
from crosscontrast.ground.images import read_image
from crosscontrast.ground.placement import bring_onto

#: The optional column of a cohort table that names maps of the canal.
CANAL = "canal"
#: How far, in mm, the fluid around a cord reaches where no canal is known.
_RING = 3.0


@dataclass(frozen=True)
class Case:
    """An image, not below 0, and the shares of cord and canal in each voxel.

    All are (D, H, W) at 1 mm, axes to the top, front, right. The canal is no truth to be learnt: it tells where to look
    for fluid.
    """

    image: Tensor
    cord: Tensor
    canal: Tensor


def read_cases(table: Path) -> list[Case]:
    """Read the rows of a cohort table that are in the split ``train`` and have a mask (binary or soft, 0 to 1).

    A column :data:`CANAL` may name maps of the canal, relative to the table; where one has nothing beside a cord, or
    there is none, the canal is :data:`_RING` mm about the cord. Raises :class:`BadInputError` where no row has a mask,
    or where a mask or a canal has other values.
    """
    rows = [row for row in read_cohort(table).select(split="train") if row.mask]
    if not rows:
        raise BadInputError(f"{table} has no row in the split 'train' that has a mask.")
    cases = []
    for row in rows:
        assert row.mask
        image = _read(row.image)
        cord = _read_shares(row.mask, image)
        if float(cord.max()) <= 0.2:
            raise BadInputError(f"The mask {row.mask} holds no cord: no value is above 0.2.")
        canal = _around(cord)
        if name := row.outcomes.get(CANAL):
            known = _read_shares(table.parent / name, image)
            canal = torch.where(known.amax((1, 2), keepdim=True) > 0.5, torch.maximum(known, cord), canal)
        cases.append(Case(_at_one_millimetre(image).clamp(min=0), cord, canal))
    return cases


def _read(path: Path) -> sitk.Image:
    return reorient(sitk.Cast(read_image(path), sitk.sitkFloat32), "RAS")


def _read_shares(path: Path, image: sitk.Image) -> Tensor:
    """Return the values of a mask or map (D, H, W) on the grid of ``image`` at 1 mm."""
    mask = _read(path)
    values = _at_one_millimetre(bring_onto(mask, image))
    if not -0.01 < float(values.min()) <= float(values.max()) < 1.01:
        raise BadInputError(f"The mask {path} should hold values from 0 to 1.")
    return values.clamp(0, 1)


def _at_one_millimetre(image: sitk.Image) -> Tensor:
    return torch.from_numpy(sitk.GetArrayFromImage(resample_to_spacing(image, (1.0, 1.0, 1.0))))


def _around(cord: Tensor) -> Tensor:
    """Return a canal where none is known: the cord and :data:`_RING` mm about it."""
    return (10 * smooth(cord, (0, _RING / 1.5, _RING / 1.5))).clamp(0, 1)


def draw_real_sample(case: Case, grid: Grid, draw: Draw, strength: float = 1.0, *, centred: bool = False) -> Sample:
    """Take a patch near the cord, turned, stretched, bent and rescanned; the canal is hardly known and does not count.

    Augmentation follows Bédard et al. 2023 (rotation 20 degrees, scale 0.2, translation, elastic, low resolution,
    gamma, bias field, noise, blur) and mirrors left and right only; a change of intensity comes after normalising.
    ``strength`` scales how much and how often; with 0 a patch is taken from inside the image and mirrored at most.
    ``centred`` patches have the cord about their middle, as windows that follow a first estimate of it do, and reach
    beyond the image as these do.
    """
    middle = _follow(case, grid, draw) if centred else _place(case, grid, draw, strength)
    points = _points(middle, grid, draw, strength)
    all_three = torch.stack([case.image, case.cord, case.canal]).to(points)
    size = torch.tensor([n - 1 for n in reversed(case.image.shape)]).to(points).clamp(min=1)
    relative = 2 * points / size - 1
    inside = (relative.abs() <= 1 + 1 / size).all(-1).float()
    image, cord, canal = functional.grid_sample(
        all_three[None], relative[None], padding_mode="border", align_corners=True
    )[0]
    if draw.chance(0.6 * strength):
        image = coil_shading(image, grid, draw)
    if draw.chance(0.5 * strength):
        image = acquire(image, draw_sampling(draw), draw)
    if draw.chance(0.5 * strength):
        image = image / image.max().clamp(min=1e-6)
        image = image.clamp(min=0) ** draw.factor(0.35)
    image = normalise_foreground(image) * draw.factor(0.25 * strength) + strength * draw.uniform(-0.4, 0.6)
    target = torch.stack([cord, canal]) * inside
    return Sample(image[None], target, torch.stack([inside, torch.zeros_like(inside)]))


def _points(middle: Tensor, grid: Grid, draw: Draw, strength: float) -> Tensor:
    """Return where each voxel of the patch about ``middle`` lies: (D, H, W, 3) in voxels along W, H, D."""
    z, y, x = (axis.expand(grid.shape) for axis in grid.axes())
    field = [strength * draw.uniform(0, 1.5) * draw.field(grid, draw.uniform(12, 30)) for _ in range(3)]
    place = torch.stack([x + field[0], y + field[1], z + field[2]], -1)
    mirror = -1.0 if draw.chance(0.5) else 1.0
    scale = [side * draw.factor(0.1 * strength) for side in (mirror, 1.0, 1.0)]
    place = (place * torch.tensor(scale, device=place.device)) @ _rotation(draw, 20 * strength).to(place.device)
    return place + middle.to(place.device)


def _rotation(draw: Draw, limit: float) -> Tensor:
    """Return a rotation about all three axes by up to ``limit`` degrees."""
    matrix = torch.eye(3)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        angle = math.radians(draw.uniform(-limit, limit))
        turn = torch.eye(3)
        turn[first, first] = turn[second, second] = math.cos(angle)
        turn[first, second], turn[second, first] = math.sin(angle), -math.sin(angle)
        matrix = matrix @ turn
    return matrix


def _follow(case: Case, grid: Grid, draw: Draw) -> Tensor:
    """Return the patch's middle, in voxels along W, H, D: that of the cord in it, nearly, or seldom anywhere."""
    cord = torch.nonzero(case.cord > 0.5)
    if not len(cord) or draw.chance(AWAY):
        return torch.tensor([draw.uniform(0, side) for side in case.image.shape]).flip(0)
    depth = grid.shape[0]
    height = float(cord[draw.pick(range(len(cord))), 0]) + draw.uniform(-0.35, 0.35) * depth
    inside = cord[(cord[:, 0] - height).abs() <= depth / 2].float().mean(0)
    offset_x, offset_y = draw_offset(draw)
    return torch.tensor([float(inside[2]) + offset_x, float(inside[1]) + offset_y, height])


def _place(case: Case, grid: Grid, draw: Draw, strength: float) -> Tensor:
    """Return the patch's middle, in voxels along W, H, D: mostly near the cord, sometimes anywhere."""
    cord = torch.nonzero(case.cord > 0.5)
    if len(cord) and draw.chance(0.9):
        middle = cord[int(draw.uniform(0, len(cord) - 1e-3))].float()
        middle = middle + torch.tensor([draw.uniform(-0.35, 0.35) * side for side in grid.size])
    else:
        middle = torch.tensor([draw.uniform(0, side) for side in case.image.shape])
    # Where the whole patch lies in the image, or in its middle if the image is smaller.
    reach = [(min(side, n) - 1) / 2 for side, n in zip(grid.shape, case.image.shape, strict=True)]
    limits = [(low, n - 1 - low) for low, n in zip(reach, case.image.shape, strict=True)]
    inside = torch.stack([m.clamp(low, high) for m, (low, high) in zip(middle, limits, strict=True)])
    return (inside + strength * (middle - inside)).flip(0)
