"""Cord and sac in the shapes that people traced, for bodies that are otherwise generated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor
from torch.nn import functional

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.ground.files import IMAGE_EXTENSIONS
from CrossContrastLib.ground.geometry import reorient, same_grid
from CrossContrastLib.ground.images import read_image
from SoftCordSegLib.generator.draw import Draw
from SoftCordSegLib.generator.frame import Frame
from SoftCordSegLib.generator.morphometry import Sizes

#: Side of the square around the cord that is kept of each slice, and its resolution, in mm.
SIDE, STEP = 40.0, 0.5
#: Where along the body (mm above the foramen magnum) a traced neck may be laid.
REACH = (-330.0, -12.0)


@dataclass(frozen=True)
class Tracing:
    """One person's masks: ``levels`` (2, slices, y, x), signed distances in mm to cord and sac, negative inside.

    Each slice is centred on its cord; x grows to the right, y to the front, slices go up by ``spacing`` mm. ``right``
    and ``front`` are the cord's mean half widths, ``sac_front`` is how far the sac's middle lies before the cord's.
    """

    levels: Tensor
    spacing: float
    right: float
    front: float
    sac_front: float


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
    if not same_grid(images[0], images[1]):
        raise BadInputError(f"{fluid_path} lies on another grid than {cord_path.name}.")
    cord, fluid = (sitk.GetArrayFromImage(image) > 0.5 for image in images)
    width, height, spacing = images[0].GetSpacing()
    slices, places, areas = [], [], []
    for inner, outer in zip(cord, cord | fluid, strict=True):
        if inner.any():
            (y, x), (sac_y, _) = (np.argwhere(mask).mean(0) for mask in (inner, outer))
            slices.append(
                np.stack([_crop(_distance(mask, height, width), y, x, height, width) for mask in (inner, outer)])
            )
            deviations = np.argwhere(inner).std(0) * (height, width)
            places.append((sac_y - y) * height)
            areas.append(2 * deviations)  # the half axes of an ellipse are two deviations
    if len(slices) < 2:
        raise BadInputError(f"The mask {cord_path} shows the cord in fewer than two slices.")
    front, right = np.mean(areas, axis=0)
    levels = torch.from_numpy(np.stack(slices, axis=1)).float()
    return Tracing(levels, spacing, float(right), float(front), float(np.mean(places)))


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


def traced_levels(
    frame: Frame, sizes: Sizes, tracings: Sequence[Tracing], draw: Draw
) -> tuple[Tensor, Tensor, Sizes] | None:
    """Return level functions of sac and cord in a traced form but at this body's size, and the sizes fitted to it.

    None where the patch does not lie in the stretch that tracings are good for.
    """
    if not (tracings and REACH[0] < frame.low and frame.high < REACH[1]):
        return None
    tracing = draw.pick(tracings)
    stretch_right, stretch_front = sizes.cord_right / tracing.right, sizes.cord_front / tracing.front
    depth = tracing.levels.shape[1]
    slices = draw.uniform(0, depth - 1) + frame.w / (tracing.spacing * draw.factor(0.15))
    place = torch.stack([frame.u / stretch_right, frame.v / stretch_front], -1) * (2 / SIDE)
    place = torch.cat([place, (2 * slices / (depth - 1) - 1)[..., None]], -1)
    sampled = functional.grid_sample(
        tracing.levels.to(place)[None], place[None], padding_mode="reflection", align_corners=True
    )[0]
    beyond = (place[..., :2].abs() - 1).clamp(min=0).sum(-1) * SIDE  # reflection must not bring a second cord
    cord, sac = (sampled + beyond) * (stretch_right * stretch_front).sqrt()
    shifted = replace(sizes, u=frame.u, v=frame.v - tracing.sac_front * stretch_front)
    return sac, cord, shifted
