"""Whole generated images as a scanner would store them, with their true translations: to measure a translator with."""

import math
from dataclasses import dataclass

import SimpleITK as sitk
import torch
from torch import Tensor

from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.appearance import draw_scan
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.tissues import Tissue
from crosscontrast.cord.translator.contrasts import OUTPUTS, clean_images, shares_of
from crosscontrast.ground.geometry import resample_to_spacing

#: Fields of view in mm, bottom to top, back to front, left to right: axial, sagittal, coronal, and a small cube.
_FIELDS = ((56, 144, 144), (56, 112, 112), (192, 144, 48), (176, 56, 144), (80, 80, 80))
#: Scanners store what they measure in units of their own, up to this many.
_LARGEST = 4000.0


@dataclass(frozen=True)
class Example:
    """An ``image`` in a drawn contrast on its own grid; on cubes of 1 mm ``targets`` by output, and the ``shares`` of

    each voxel that are canal, white matter and lesion.
    """

    image: sitk.Image
    targets: dict[str, sitk.Image]
    shares: dict[str, sitk.Image]


def draw_example(seed: int, field: tuple[int, int, int] | None = None) -> Example:
    """Draw a body, one in five of them anywhere, and an image of it; ``field`` is in mm, bottom to top first."""
    draw = Draw(seed)
    grid = Grid(field or draw.pick(_FIELDS))
    anatomy = draw_anatomy(grid, draw, wide=draw.chance(0.2))
    shares = {
        "canal": anatomy.canal,
        "white": anatomy.fractions[Tissue.WHITE],
        "lesion": anatomy.fractions[Tissue.LESION],
    }
    shown = torch.cat([clean_images(shares_of(anatomy.fractions)), torch.stack(list(shares.values()))])
    scan = draw_scan(anatomy, shown, grid, draw)
    unit = math.exp(draw.uniform(0, math.log(_LARGEST)))
    depth, height, width = scan.sampling.voxel
    image = resample_to_spacing(_placed(unit * scan.image, grid, scan.view), (width, height, depth))
    maps = [_placed(values, grid, scan.view) for values in scan.shown]
    return Example(
        image,
        dict(zip(OUTPUTS, maps, strict=False)),
        dict(zip(shares, maps[len(OUTPUTS) :], strict=True)),
    )


def _placed(values: Tensor, grid: Grid, view: tuple[slice, slice, slice]) -> sitk.Image:
    """Return the part of (D, H, W) that is seen, its axes growing to the top, the front and the right."""
    image = sitk.GetImageFromArray(values[view].contiguous().numpy())
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    first = [cut.indices(n)[0] - (n - 1) / 2 for cut, n in zip(view, grid.shape, strict=True)]
    image.SetOrigin((-first[2], -first[1], first[0]))
    return image
