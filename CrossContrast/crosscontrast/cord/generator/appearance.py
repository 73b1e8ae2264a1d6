"""From an anatomy to an MR image of it, as the network will see it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.cord.generator.acquisition import (
    Sampling,
    acquire,
    coil_shading,
    cord_motion,
    draw_sampling,
    signal_loss,
    through_slices,
)
from crosscontrast.cord.generator.anatomy import Anatomy
from crosscontrast.cord.generator.contrast import Contrast, draw_contrast, draw_drifted, suppress_fat, swap_fat
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.echo_planar import distort, draw_echo_planar_sampling
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.tissues import Tissue

#: A slice with fewer voxels of cord or of fluid than this cannot tell how much they differ.
_ENOUGH = 12
#: How much a slice counts in which the cord cannot be seen: its neighbours may still tell where it is.
_LEAST_VISIBLE = 0.6

#: How often a wide search meets an echo-planar image, suppressed fat, fat that is swapped with water, and a thin slab;
#: and the thickest one in mm.
_ECHO_PLANAR, _FAT_SUPPRESSED, _FAT_SWAPPED, _FEW_SLICES = 0.12, 0.25, 0.03, 0.3
_THICKEST_SLAB = 30.0


@dataclass(frozen=True)
class Sample:
    """A training example: ``image`` (1, D, H, W), normalised; ``target`` (2, D, H, W), the fractions of cord and canal;

    ``weight`` (2, D, H, W), how much each voxel counts: nothing outside the field of view, less in the medulla and
    where the cord can hardly be seen.
    """

    image: Tensor
    target: Tensor
    weight: Tensor


@dataclass(frozen=True)
class Scan:
    """One image of an anatomy: ``image`` (D, H, W), not below 0, all of the patch, as the scanner sampled it.

    ``shown`` (C, D, H, W) are maps of the anatomy, moved where the image is distorted. ``view`` is the part of each
    axis that the image shows; ``few``: it is a slab of a few slices.
    """

    image: Tensor
    shown: Tensor
    sampling: Sampling
    view: tuple[slice, slice, slice]
    few: bool


def draw_sample(anatomy: Anatomy, grid: Grid, draw: Draw, *, wide: bool = False, slabs: float = 0.0) -> Sample:
    """Scan ``anatomy`` once, with a new contrast, scanner and field of view.

    The target is the anatomy's own fraction in each voxel, averaged over the thickness of the slice but not blurred
    within it: a cord's size does not depend on how sharply it was seen.
    """
    maps = torch.stack([anatomy.cord, anatomy.canal, anatomy.certainty])
    scan = draw_scan(anatomy, maps, grid, draw, wide=wide, slabs=slabs)
    target = through_slices(scan.shown[:2], scan.sampling)
    weight = torch.stack([scan.shown[2], torch.ones_like(scan.shown[2])]) * visibility(scan.image, target)
    image, inside = cut_view(scan, draw)
    if inside is not None:
        weight = weight * inside
    if scan.few:
        target = _continued(target, scan.view[0])
    if draw.chance(0.5):  # left and right are alike in this anatomy, so a mirrored one is as true
        image, target, weight = image.flip(-1), target.flip(-1), weight.flip(-1)
    return Sample(draw_levels(image, draw)[None], target, weight)


def draw_scan(
    anatomy: Anatomy, shown: Tensor, grid: Grid, draw: Draw, *, wide: bool = False, slabs: float = 0.0
) -> Scan:
    """Scan ``anatomy`` with a new contrast and scanner; ``shown`` (C, D, H, W) are maps of it to be moved along.

    A ``wide`` search also meets echo-planar images, fat that is suppressed or swapped with water, and slabs of a few
    slices. ``slabs`` is the share of slabs otherwise.
    """
    echo_planar = wide and draw.chance(_ECHO_PLANAR)
    contrast = draw_contrast(draw, echo_planar=echo_planar)
    if echo_planar or (wide and draw.chance(_FAT_SUPPRESSED)):
        contrast = suppress_fat(contrast, draw)
    view = _draw_view(anatomy.cord, contrast, draw)
    share = _FEW_SLICES if wide else slabs
    few = share > 0 and draw.chance(share)
    if few:
        view = (_draw_slab(grid.shape[0], draw), *view[1:])
    image = paint(anatomy, contrast, grid, draw, view[0])
    if wide and draw.chance(_FAT_SWAPPED):
        swapped = torch.sigmoid(8 * draw.field(grid, draw.uniform(25, 60)))
        image = image.lerp(paint(anatomy, swap_fat(contrast), grid, draw, view[0]), swapped)
    if draw.chance(0.35):
        image = cord_motion(image, anatomy.canal, float(contrast.means[Tissue.CSF]), draw)
    image = signal_loss(coil_shading(image, grid, draw), anatomy.along, grid, draw)
    if echo_planar:
        image, shown = distort(image, shown, grid, draw)
    sampling = draw_echo_planar_sampling(draw) if echo_planar else draw_sampling(draw, slab=contrast.slab)
    image = acquire(image.clamp(min=0), sampling, draw)
    if draw.chance(0.3):
        image = image.clamp(min=0) ** draw.factor(0.2)
    return Scan(image, shown, sampling, view, few)


def draw_levels(image: Tensor, draw: Draw) -> Tensor:
    """Normalise an image as inference does, but not quite: a window's levels are not those of the whole image."""
    return normalise_foreground(image) * draw.factor(0.25) + draw.uniform(-0.4, 0.6)


def visibility(image: Tensor, target: Tensor) -> Tensor:
    """Return (D, 1, 1), how much each slice counts: 1 where cord and fluid differ clearly, less where only noise does.

    ``target`` holds the fractions of cord and canal. What cannot be seen cannot be learnt, but its large losses would
    drown what clear slices teach about the cord's border. Slices without both count fully. It is asked slice by slice,
    because in a slab whose contrast turns round all slices taken together look as if nothing could be seen in any.
    """
    cord, fluid = (target[0] > 0.95), (target[1] - target[0]) > 0.95
    levels, spreads = zip(*(_slice_statistics(image, mask) for mask in (cord, fluid)), strict=True)
    difference = (levels[0] - levels[1]).abs() / (spreads[0] + spreads[1]).clamp(min=1e-6)
    enough = torch.minimum(cord.sum((1, 2)), fluid.sum((1, 2))) >= _ENOUGH
    return torch.where(enough, difference.clamp(_LEAST_VISIBLE, 1), 1.0)[:, None, None]


def _slice_statistics(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation (D,) of the voxels of ``mask`` in each slice."""
    count = mask.sum((1, 2)).clamp(min=1)
    mean = (image * mask).sum((1, 2)) / count
    return mean, ((((image - mean[:, None, None]) ** 2) * mask).sum((1, 2)) / count).sqrt()


def paint(anatomy: Anatomy, contrast: Contrast, grid: Grid, draw: Draw, along: slice = slice(None)) -> Tensor:
    """Mix each voxel's tissues in their shares, each with its texture; fluid may pulse, the contrast may drift.

    ``along`` is the part of the first axis that the image shows, at whose ends an excited slab ends too.
    """
    fractions = anatomy.fractions.flatten(1)
    levels = torch.stack([contrast.means, contrast.textures]).to(fractions.device)
    mean, rough = (levels @ fractions).view(2, *grid.shape)
    if contrast.slab:
        elsewhere = (draw_drifted(contrast, draw).to(fractions.device) @ fractions).view(grid.shape)
        mean = mean + _slab_ends(grid, along, draw) * (elsewhere - mean)
    texture = draw.field(grid, draw.uniform(1.5, 8)) + 0.5 * draw.field(grid, draw.uniform(8, 25))
    image = mean + rough * texture
    if draw.chance(0.2):  # pulsing fluid loses signal in streaks along the cord
        streaks = (draw.field(grid, draw.uniform(3, 10)) + draw.uniform(-1, 0.5)).clamp(0, 1) * draw.uniform(0.1, 0.8)
        image = image - anatomy.fractions[Tissue.CSF] * contrast.means[Tissue.CSF].item() * streaks
    if draw.chance(0.35):  # fresh fluid flows in at the ends of the stack, so its brightness drifts along it
        drift = torch.exp(draw.uniform(0, 0.75) * draw.field(grid, draw.uniform(20, 60))) - 1
        image = image + anatomy.fractions[Tissue.CSF] * contrast.means[Tissue.CSF].item() * drift
    if draw.chance(0.12):  # fat lies displaced by its chemical shift
        fat = (anatomy.fractions[Tissue.FAT] * contrast.means[Tissue.FAT].item()) + (
            anatomy.fractions[Tissue.EPIDURAL_FAT] * contrast.means[Tissue.EPIDURAL_FAT].item()
        )
        image = image - fat + torch.roll(fat, draw.pick((-1, 1)), draw.pick((0, 1, 2)))
    return image


def _slab_ends(grid: Grid, along: slice, draw: Draw) -> Tensor:
    """Return (D, 1, 1), how far each slice lies in the ends of an excited slab: 0 inside to 1 at one end or both.

    The slab ends where the image does, which is ``along`` of the first axis.
    """
    z, _, _ = grid.axes()
    shown = z[along].flatten()
    reach = 0.45 * grid.size[0]
    ends = torch.zeros_like(z)
    for side in (-1, 1) if draw.chance(0.4) else (draw.pick((-1, 1)),):
        end = float((side * shown).max())
        middle, width = end - draw.uniform(0, reach), draw.uniform(2, 8)
        ends = torch.maximum(ends, torch.sigmoid((side * z - middle) / width))
    return ends


def _draw_view(cord: Tensor, contrast: Contrast, draw: Draw) -> tuple[slice, slice, slice]:
    """Return the part of each axis that the image shows: sometimes little around the cord, and of a slab a stretch."""
    across = draw.chance(0.2)
    along = draw.chance(0.6 if contrast.slab else 0.3 if across else 0)
    found = torch.nonzero(cord > 0.5)
    view = []
    for axis, (length, cut) in enumerate(zip(cord.shape, (along, across, across), strict=True)):
        if not cut:
            view.append(slice(None))
            continue
        keep = int(draw.uniform(min(22, length), length))
        centre = float(found[:, axis].float().mean()) if axis and len(found) else length / 2
        start = round(min(max(centre - keep / 2 + draw.uniform(-0.3, 0.3) * keep, 0), length - keep))
        view.append(slice(start, start + keep))
    return view[0], view[1], view[2]


def _draw_slab(length: int, draw: Draw) -> slice:
    """Return the slices that a thin slab shows, one at least, about the middle, where a window that it fills has it."""
    keep = min(max(1, int(draw.uniform(1, _THICKEST_SLAB))), length)
    start = (length - keep) // 2
    return slice(start, start + keep)


def cut_view(scan: Scan, draw: Draw) -> tuple[Tensor, Tensor | None]:
    """Fill what is outside of the scan's view as a sliding window at an image's edge does.

    Also return what is inside, or ``None`` where the view is the whole patch.
    """
    image = scan.image
    if all(cut == slice(None) for cut in scan.view):
        return image, None
    inside = torch.zeros_like(image)
    inside[scan.view] = 1
    padding = []
    for cut, length in zip(scan.view[::-1], image.shape[::-1], strict=True):
        start, stop, _ = cut.indices(length)
        padding += [start, length - stop]
    mode = "replicate" if draw.chance(0.75) else "constant"
    return functional.pad(image[scan.view][None, None], padding, mode=mode)[0, 0], inside


def _continued(target: Tensor, along: slice) -> Tensor:
    """Return fractions (C, D, H, W) that go on beyond ``along`` of the first axis as they end there.

    So do the estimates that a window which follows the cord gets beyond the ends of an image; there, nothing counts.
    """
    start, stop, _ = along.indices(target.shape[1])
    padding = (0, 0, 0, 0, start, target.shape[1] - stop)
    return functional.pad(target[None, :, along], padding, mode="replicate")[0]


def _high_quantile(values: Tensor, share: float) -> Tensor:
    """Return ``torch.quantile(values, share)``, which sorts them all, from the few above it: twenty times faster."""
    place = share * (len(values) - 1)
    highest = torch.topk(values, len(values) - int(place)).values
    return highest[-1].lerp(highest[-2], place - int(place))


def normalise_foreground(image: Tensor) -> Tensor:
    """Normalise as ``Preprocessing.normalisation == "foreground"`` does.

    Clips at the 99.5th percentile of the values above zero and gives those mean 0 and deviation 1. Measured on a part
    of the voxels, because a quantile of all of them would take longer than the rest of the image.
    """
    step = max(1, image.numel() // 50_000)
    foreground = image.flatten()[::step]
    foreground = foreground[foreground > 0]
    if foreground.numel() < 100:
        return image
    top = _high_quantile(foreground, 0.995)
    foreground = foreground.clamp(max=top)
    return (image.clamp(max=top) - foreground.mean()) / (foreground.std() + 1e-6)
