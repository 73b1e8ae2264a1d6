"""Where is the cord's edge drawn, in terms of what the image shows: on real images, and on generated copies of these?

    CROSSCONTRAST_DATA=../shared/data .venv/bin/python Testing/benchmarks/bench_cord_edges.py --out edges.tsv \\
        [--model softcord] [--bodies 8] [--narrow 0.4] [--only unf01]

For each image the area within the half-maximum between white matter and fluid is measured, which no blur moves, and how
far inside of it (``inset``, mm) the edges of the soft map, of the mask or of the true cord lie. Pia and the ends of
rootlets look like cord and are none, so an inset of some tenths of a millimetre is right; it should be the same in
every contrast. Copies are bodies on a grid of 0.5 mm, scanned with intensities, voxels and slices of real images.
Prints a line per image as soon as it is known. Real images judge a model; none is trained on.
"""

import argparse
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import SimpleITK as sitk
import torch
from bench_cord_found import cases, read_case
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from crosscontrast.cord.ablation.cohort import patient_image
from crosscontrast.cord.generator import frame
from crosscontrast.cord.generator.acquisition import smooth
from crosscontrast.cord.generator.anatomy import Anatomy, draw_anatomy
from crosscontrast.cord.generator.appearance import paint
from crosscontrast.cord.generator.contrast import CLINGING, Contrast, draw_contrast
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.tissues import Tissue
from crosscontrast.cord.postprocess import keep_cord
from crosscontrast.ground.seeds import seed_of
from crosscontrast.inference import Predictor, warm_predictor
from crosscontrast.models.library import ModelLibrary

_SEED = 9_260_404
COLUMNS = ("image", "slices", "half_maximum", "soft", "inset", "reference", "reference_inset")
#: Where white matter and fluid are looked for, in mm outside the soft map's edge; how far the half-maximum may lie.
_WHITE, _FLUID, _REACH = (-2.2, -1.0), (1.2, 4.0), (-1.2, 2.0)
#: Rays per slice, their step and length in mm; fewer that cross the half-maximum than this share tell nothing.
_RAYS, _STEP, _LENGTH, _ENOUGH = 72, 0.1, 12.0, 0.6
#: Slices are magnified so much to measure distances to an edge.
_FINER = 5
#: Side of the copies' voxels before they are scanned, in mm; blur as a share of the scanned voxel.
_FINE, _BLUR = 0.5, 0.42


@dataclass(frozen=True)
class Setting:
    """Weighting, white matter, grey matter, fluid and the voxel (z, y, x in mm), as in a real image."""

    weighting: str
    levels: tuple[float, float, float]
    voxel: tuple[float, float, float]


SETTINGS = {
    "T1w": Setting("T1", (470, 440, 179), (1, 1, 1)),
    "T2w": Setting("T2", (690, 720, 2380), (0.8, 0.8, 0.8)),
    "T2starw": Setting("T2star", (395, 430, 502), (5, 0.5, 0.5)),
    "T2starw, bright fluid": Setting("T2star", (1225, 1330, 2382), (3, 0.6, 0.6)),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CROSSCONTRAST_DATA"), help="$CROSSCONTRAST_DATA")
    parser.add_argument("--out", type=Path, required=True, help="table (TSV)")
    parser.add_argument("--model", default="softcord")
    parser.add_argument("--bodies", type=int, default=8, help="generated ones")
    parser.add_argument("--narrow", type=float, default=0.4, help="share of them with little fluid around the cord")
    parser.add_argument("--only", action="append", default=[], help="part of a real image's name; may be repeated")
    options = parser.parse_args()
    predictor = warm_predictor(ModelLibrary().find(options.model), torch.device("cpu"))
    with options.out.open("w", encoding="utf-8") as table:
        table.write("\t".join(COLUMNS) + "\n")
        for name, image, reference in (*real(options.data, options.only), *copies(options.bodies, options.narrow)):
            row = measure(name, image, reference, predictor)
            print("\t".join(row), flush=True)
            table.write("\t".join(row) + "\n")
            table.flush()


def real(data: Path | None, only: list[str]) -> Iterator[tuple[str, sitk.Image, np.ndarray | None]]:
    """Yield the public images with a cord: name, image in RAS, mask (k, j, i) if there is one."""
    for row in cases(Path(data), only) if data else ():
        if row[3]:
            case = read_case(*row)
            yield case.name, case.image, case.mask


def copies(bodies: int, narrow: float) -> Iterator[tuple[str, sitk.Image, np.ndarray]]:
    """Yield generated bodies in all settings: name, image, true share of cord (k, j, i)."""
    for number in range(bodies):
        anatomy, grid = _usual_body(number, narrow)
        for name, setting in SETTINGS.items():
            look = Draw(seed_of(_SEED, number, zlib.crc32(name.encode())))
            painted = paint(anatomy, _contrast(setting, look), grid, look)
            image = _scanned(smooth(painted, _blur(setting)), setting)
            noise = 0.02 * max(setting.levels) * look.white(image.shape)
            yield f"body {number} {name}", patient_image(image + noise), _scanned(anatomy.cord, setting).numpy()


def _usual_body(number: int, narrow: float) -> tuple[Anatomy, Grid]:
    """Return the first body of its series with a whole cord of usual size, without syrinx or lesion, in the neck."""
    grid, attempt = Grid((90, 144, 144), _FINE), 0
    while True:
        with patch.dict(frame.STRETCHES, {(-75, -35): 1.0}, clear=True):
            anatomy = draw_anatomy(grid, Draw(seed_of(_SEED, number, attempt)), centred=True, narrow=narrow)
        areas = anatomy.cord.sum((1, 2)) * _FINE**2
        ill = anatomy.fractions[[Tissue.SYRINX, Tissue.LESION]].any()
        if 55 < float(areas.mean()) < 105 and float(areas.min()) > 40 and not ill:
            return anatomy, grid
        attempt += 1


def _contrast(setting: Setting, draw: Draw) -> Contrast:
    contrast = draw_contrast(draw)
    while contrast.name != setting.weighting:
        contrast = draw_contrast(draw)
    white, grey, fluid = setting.levels
    scale = max(white, fluid) / float(max(contrast.means[Tissue.WHITE], contrast.means[Tissue.CSF]))
    means = contrast.means * scale
    means[Tissue.WHITE], means[Tissue.GREY], means[Tissue.CSF] = white, grey, fluid
    for tissue, towards in CLINGING.items():
        means[tissue] = white + sum(towards) / 2 * (fluid - white)
    return replace(contrast, means=means.clamp(min=0), textures=0.5 * scale * contrast.textures, slab=False)


def _blur(setting: Setting) -> tuple[float, float, float]:
    """Return the width (Gaussian, in fine voxels) of what blurs the setting's voxels; slices average anyway."""
    z, y, x = (_BLUR * side / _FINE if side < 2 else 0.0 for side in setting.voxel)
    return z, y, x


def _scanned(fine: Tensor, setting: Setting) -> Tensor:
    """Return what the setting's slices show, on 1 mm voxels."""
    depth, height, width = (round(side * _FINE) for side in fine.shape)
    slices = round(depth / setting.voxel[0]) if setting.voxel[0] > 1 else depth
    thick = functional.adaptive_avg_pool3d(fine[None, None], (slices, height, width))
    return functional.interpolate(thick, size=(depth, height, width), mode="trilinear", align_corners=False)[0, 0]


def measure(name: str, image: sitk.Image, reference: np.ndarray | None, predictor: Predictor) -> list[str]:
    """Return the table's line; means over the slices in which the half-maximum, and the reference if any, is known."""
    maps = predictor.predict([image])
    cord, canal = (sitk.GetArrayFromImage(part) for part in (keep_cord(maps["cord"])[0], maps["canal"]))
    spacing = image.GetSpacing()
    pixel = spacing[0] * spacing[1]
    half = half_maximum(sitk.GetArrayFromImage(image), cord, canal, spacing)
    soft = cord.sum((1, 2), dtype=float) * pixel
    true = None if reference is None else reference.sum((1, 2), dtype=float) * pixel
    known = np.isfinite(half) & (soft > 0) & (True if true is None else true > 0)
    if not known.any():
        return [name, "0", *[""] * (len(COLUMNS) - 2)]
    areas = [part[known].mean() for part in (half, soft, *([] if true is None else [true]))]
    # An ellipse of a neck's cord is 8 % longer around than a circle of its area.
    around = 1.08 * 2 * np.sqrt(np.pi * areas[1])
    insets = [f"{(areas[0] - area) / around:.2f}" for area in areas]
    cells = [f"{areas[0]:.1f}", f"{areas[1]:.1f}", insets[1]]
    return [name, str(int(known.sum())), *cells, *([f"{areas[2]:.1f}", insets[2]] if true is not None else ["", ""])]


def half_maximum(image: np.ndarray, cord: np.ndarray, canal: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return, per slice, the area in mm² within the half-maximum between white matter and fluid; NaN if unknown.

    All arrays are (k, j, i). On rays from the cord's middle it is the first crossing near the soft edge; where a ray
    crosses none, as along a root, the edge is as far out as on the others.
    """
    areas = np.full(len(image), np.nan)
    for k, (slice_, inside, around) in enumerate(zip(image.astype(float), cord, canal, strict=True)):
        if inside.max() < 0.5:
            continue
        distance = _distance(inside, spacing)
        levels = [slice_[(distance > low) & (distance < high) & (around > 0.9)] for low, high in (_WHITE, _FLUID)]
        if min(len(level) for level in levels) >= 8:
            white, fluid = (float(np.median(level)) for level in levels)
            areas[k] = _area((slice_ - fluid) / (white - fluid), inside, distance, spacing)
    return areas


def _area(relative: np.ndarray, cord: np.ndarray, distance: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Return the area within 0.5 of one slice (j, i) that is 1 in white matter and 0 in fluid."""
    j, i = ndimage.center_of_mass(cord)
    angles, radii = np.arange(_RAYS) * 2 * np.pi / _RAYS, np.arange(0, _LENGTH, _STEP)
    places = [
        j + np.sin(angles)[:, None] * radii / spacing[1],
        i + np.cos(angles)[:, None] * radii / spacing[0],
    ]
    values, far = (ndimage.map_coordinates(part, places, order=1, mode="nearest") for part in (relative, distance))
    low, high = _REACH
    crossed = (values < 0.5) & (far > low) & (far < high)
    known = crossed.any(1)
    if known.mean() < _ENOUGH:
        return np.nan
    edge = radii[(far > 0).argmax(1)]
    found = radii[crossed.argmax(1)]
    found = np.where(known, found, edge + np.median((found - edge)[known]))
    return float((found**2).sum() * np.pi / _RAYS)


def _distance(fraction: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the signed distance in mm of each pixel (j, i) to where a soft map is one half, negative inside."""
    finer = ndimage.zoom(fraction, _FINER, order=1, grid_mode=True, mode="nearest") > 0.5
    sampling = (spacing[1] / _FINER, spacing[0] / _FINER)
    outside, inside = (ndimage.distance_transform_edt(part, sampling=sampling) for part in (~finer, finer))
    middle = _FINER // 2
    return np.asarray((outside - inside)[middle::_FINER, middle::_FINER])


if __name__ == "__main__":
    main()
