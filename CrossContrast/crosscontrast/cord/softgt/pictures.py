"""Pictures of a contrast for the report: its own mask and the soft mask, before and after registration."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.softgt.fuse import FusedContrast
from crosscontrast.ground.geometry import reorient

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Axial slices beside the sagittal view.
_SLICES = 4
#: Half width in mm of the axial views around the mask.
_HALF_WIDTH = 22.0
#: Room in mm around the masks in the sagittal view.
_MARGIN = 25.0
#: How grey a mask is shown that has no image.
_GREY = 0.4
# Colours that readers with a colour vision deficiency can tell apart (Okabe and Ito).
_OWN, _BEFORE, _AFTER = "#56B4E9", "#E69F00", "#39d353"


@dataclass(frozen=True)
class _Layers:
    """Arrays (z, y, x) growing to the top, the front and the right, and the voxel size in mm likewise."""

    image: np.ndarray | None
    mask: np.ndarray
    soft: np.ndarray
    colour: str
    spacing: tuple[float, float, float]


def contrast_figure(fused: FusedContrast) -> "Figure":
    """Return two rows of views: the soft mask as headers alone would have it, and after registration.

    Lines are the outlines at 0.5 of the contrast's own mask and of the soft mask, thin ones those of the soft mask at
    0.1 and 0.9. Axial slices are shown as radiologists do: the patient's right is on the left. Without an image the
    own mask is shown grey.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5.6), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 1 + _SLICES, width_ratios=[1.3] + [1] * _SLICES)
    rows = (("before", fused.unregistered, _BEFORE), ("after", fused.soft, _AFTER))
    for row, (name, soft, colour) in zip(axes, rows, strict=True):
        layers = _layers(fused, soft, colour)
        row[0].set_ylabel(f"{name} registration", fontsize=9)
        _draw_sagittal(row[0], layers)
        for place, k in zip(row[1:], _chosen_slices(layers.mask), strict=True):
            _draw_axial(place, layers, k)
    return figure


def _layers(fused: FusedContrast, soft: sitk.Image, colour: str) -> _Layers:
    image = fused.contrast.image
    return _Layers(
        image=None if image is None else sitk.GetArrayFromImage(reorient(image, "RAS")),
        mask=sitk.GetArrayFromImage(fused.contrast.cord),
        soft=sitk.GetArrayFromImage(reorient(soft, "RAS")),
        colour=colour,
        spacing=fused.contrast.cord.GetSpacing()[::-1],
    )


def _chosen_slices(mask: np.ndarray) -> list[int]:
    """Slices of the mask from its top to its bottom, without the very ends; the same one again if there are few."""
    held = np.flatnonzero(mask.max(axis=(1, 2)) > 0)
    share = (np.arange(_SLICES) + 0.5) / _SLICES
    return held[::-1][(share * len(held)).astype(int)].tolist()


def _middle(plane: np.ndarray, axis: int) -> float:
    """Centre of mass of a plane along one of its axes."""
    profile = plane.sum(axis=1 - axis)
    return float(profile @ np.arange(len(profile)) / profile.sum())


def _window(centre: float, half_width: float, spacing: float) -> slice:
    return slice(max(0, round(centre - half_width / spacing)), round(centre + half_width / spacing) + 1)


def _draw_sagittal(axes: "Axes", layers: _Layers) -> None:
    flat = layers.mask.sum(axis=0)
    x = round(_middle(flat, 1))
    held = np.flatnonzero(flat.any(axis=1))
    rows = _window(float(held.mean()), _MARGIN + np.ptp(held) / 2 * layers.spacing[1], layers.spacing[1])
    _paint(axes, layers, (slice(None), rows, x), layers.spacing[0] / layers.spacing[1])
    _letters(axes, left="A", right="P")
    axes.set_title("sagittal", fontsize=8)


def _draw_axial(axes: "Axes", layers: _Layers, k: int) -> None:
    rows = _window(_middle(layers.mask[k], 0), _HALF_WIDTH, layers.spacing[1])
    columns = _window(_middle(layers.mask[k], 1), _HALF_WIDTH, layers.spacing[2])
    _paint(axes, layers, (k, rows, columns), layers.spacing[1] / layers.spacing[2])
    _letters(axes, left="R", right="L")
    axes.set_title(f"slice {k + 1} of {len(layers.mask)}", fontsize=8)


def _paint(axes: "Axes", layers: _Layers, plane: tuple[slice | int, ...], aspect: float) -> None:
    mask, soft = layers.mask[plane], layers.soft[plane]
    shown, low, high = (_GREY * mask, 0, 1) if layers.image is None else _windowed(layers.image[plane])
    axes.imshow(shown, cmap="gray", vmin=low, vmax=high, origin="lower", aspect=aspect)
    lines = [(soft, 0.1, layers.colour, 0.5), (soft, 0.9, layers.colour, 0.5), (soft, 0.5, layers.colour, 1.6)]
    for values, level, colour, width in (*lines, (mask, 0.5, _OWN, 0.8)):
        if min(values.shape) > 1 and values.min() < level <= values.max():
            axes.contour(values, levels=[level], colors=[colour], linewidths=width)
    axes.invert_xaxis()


def _windowed(plane: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return a plane with the grey values that are to be black and white, the few brightest voxels aside."""
    low, high = np.percentile(plane, (1, 99.5))
    return plane, low, max(high, np.nextafter(low, np.inf))


def _letters(axes: "Axes", *, left: str, right: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for x, letter in ((0.05, left), (0.95, right)):
        axes.text(x, 0.5, letter, transform=axes.transAxes, color="white", fontsize=8, ha="center", va="center")
