"""Cord and sac in the shapes that people traced, for bodies that are otherwise generated."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import Frame
from crosscontrast.cord.generator.morphometry import Sizes
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import IMAGE_EXTENSIONS
from crosscontrast.ground.geometry import reorient
from crosscontrast.ground.images import read_image
from crosscontrast.ground.placement import put_onto

#: Side of the square around the cord that is kept of each slice, and its resolution, in mm.
SIDE, STEP = 40.0, 0.5
#: Gaps of up to twice as many voxels between a mask of the cord and one of the fluid are closed.
GAP = 3
#: Where along the body (mm above the foramen magnum) a traced neck may be laid.
REACH = (-330.0, -12.0)


@dataclass(frozen=True)
class Tracing:
    """One person's masks: ``levels`` (2, slices, y, x), signed distances in mm to cord and sac, negative inside.

    Each slice is centred on its cord; x grows to the right, y to the front, slices go up by ``spacing`` mm. ``cord``
    and ``sac`` are their mean half widths (right, front), ``ahead`` is how far the sac's middle lies before the cord's.
    """

    levels: Tensor
    spacing: float
    cord: tuple[float, float]
    sac: tuple[float, float]
    ahead: float


def read_tracings(folder: Path) -> list[Tracing]:
    """Read pairs of masks ``NAME_seg*`` (cord) and ``NAME_csfseg*`` (fluid around it) from a folder.

    Raises :class:`BadInputError` where there is no pair or the two masks of a pair lie on different grids.
    """
    cords = sorted(path for path in folder.glob("*_seg*") if path.name.endswith(IMAGE_EXTENSIONS))
    pairs = [(path, path.with_name(path.name.replace("_seg", "_csfseg", 1))) for path in cords]
    tracings = [_trace(cord, fluid) for cord, fluid in pairs if fluid.exists()]
    if not tracings:
        raise BadInputError(f"{folder} has no pair of masks named NAME_seg and NAME_csfseg.")
    return tracings


def _trace(cord_path: Path, fluid_path: Path) -> Tracing:
    """Measure the signed distances of one pair of masks."""
    images = [reorient(read_image(path), "RAS") for path in (cord_path, fluid_path)]
    placed = put_onto(images[1], images[0])
    if placed is None:
        raise BadInputError(f"{fluid_path} lies on another grid than {cord_path.name}.")
    cord, fluid = (sitk.GetArrayFromImage(image) > 0.5 for image in (images[0], placed))
    width, height, spacing = images[0].GetSpacing()
    slices, places, widths = [], [], []
    for inner, around in zip(cord, fluid, strict=True):
        if inner.any():
            outer = _filled(inner | around)
            (y, x), (sac_y, _) = (np.argwhere(mask).mean(0) for mask in (inner, outer))
            slices.append(
                np.stack([_crop(_distance(mask, height, width), y, x, height, width) for mask in (inner, outer)])
            )
            places.append((sac_y - y) * height)
            widths.append([_half_widths(mask, height, width) for mask in (inner, outer)])
    if len(slices) < 2:
        raise BadInputError(f"The mask {cord_path} shows the cord in fewer than two slices.")
    levels = torch.from_numpy(np.stack(slices, axis=1)).float()
    (cord_right, cord_front), (sac_right, sac_front) = np.mean(widths, axis=0).tolist()
    return Tracing(levels, spacing, (cord_right, cord_front), (sac_right, sac_front), float(np.mean(places)))


def _filled(sac: np.ndarray) -> np.ndarray:
    """Return the sac of one slice without the gaps that two people's masks leave between cord and fluid."""
    from scipy.ndimage import binary_closing, binary_fill_holes

    closed = binary_closing(np.pad(sac, GAP), iterations=GAP)[GAP:-GAP, GAP:-GAP]
    return np.asarray(binary_fill_holes(closed))


def _half_widths(mask: np.ndarray, height: float, width: float) -> tuple[float, float]:
    """Return the half axes (right, front) in mm of the ellipse with the mask's second moments: two deviations."""
    y, x = np.argwhere(mask).std(0)
    return 2 * x * width, 2 * y * height


def _distance(mask: np.ndarray, height: float, width: float) -> np.ndarray:
    """Return the signed distance in mm to the border of a mask, which runs between the voxels."""
    from scipy.ndimage import distance_transform_edt

    outside = distance_transform_edt(~mask, sampling=(height, width))
    inside = distance_transform_edt(mask, sampling=(height, width))
    half = (height + width) / 4
    return np.where(mask, half - inside, outside - half)


def _crop(values: np.ndarray, y: float, x: float, height: float, width: float) -> np.ndarray:
    """Return the square around (y, x), resampled to :data:`STEP`."""
    from scipy.ndimage import map_coordinates

    offsets = np.arange(-SIDE / 2, SIDE / 2 + STEP / 2, STEP)
    places = np.meshgrid(y + offsets / height, x + offsets / width, indexing="ij")
    return np.asarray(map_coordinates(values, places, order=1, mode="nearest"))


def traced_levels(frame: Frame, sizes: Sizes, tracings: Sequence[Tracing], draw: Draw) -> tuple[Tensor, Tensor] | None:
    """Return level functions (D, H, W) of sac and cord in traced forms but each at this body's own size and place.

    Of a cord and a sac that always grew together a network would learn the one's size by the other's. None where the
    patch does not lie in the stretch that tracings are good for.
    """
    if not (tracings and REACH[0] < frame.low and frame.high < REACH[1]):
        return None
    tracing = draw.pick(tracings)
    depth = tracing.levels.shape[1]
    slices = draw.uniform(0, depth - 1) + frame.w / (tracing.spacing * draw.factor(0.15))
    slices = 2 * slices / (depth - 1) - 1

    def sampled(which: int, u: Tensor, v: Tensor, stretch_right: Tensor, stretch_front: Tensor, ahead: float) -> Tensor:
        place = torch.stack([u / stretch_right, v / stretch_front + ahead], -1) * (2 / SIDE)
        levels = tracing.levels[which].to(place)[None, None]
        grid = torch.cat([place, slices[..., None]], -1)[None]
        level = functional.grid_sample(levels, grid, padding_mode="reflection", align_corners=True)[0, 0]
        beyond = (place.abs() - 1).clamp(min=0).sum(-1) * SIDE  # reflection must not bring a second cord
        return (level + beyond) * (stretch_right * stretch_front).sqrt()

    cord_stretch = sizes.cord_right / tracing.cord[0], sizes.cord_front / tracing.cord[1]
    sac_stretch = sizes.sac_right / tracing.sac[0], sizes.sac_front / tracing.sac[1]
    cord = sampled(0, frame.u, frame.v, *cord_stretch, 0.0)
    return sampled(1, sizes.u, sizes.v, *sac_stretch, tracing.ahead), cord
