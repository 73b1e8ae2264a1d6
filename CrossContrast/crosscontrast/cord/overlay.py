"""A picture of a soft segmentation over its image, to judge a result at a glance."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.geometry import reorient
from crosscontrast.report.figures import new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Axial slices shown, in rows of four beside the sagittal view.
_SLICES = 8
#: Half width in mm of the axial views around the cord.
_HALF_WIDTH = 30.0
#: Where the sagittal view and the scale of colours lie in the picture: left, bottom, width, height.
_SAGITTAL, _SCALE = (0.01, 0.03, 0.235, 0.87), (0.935, 0.15, 0.012, 0.65)
#: Soft values below this are not painted: they would tint the whole picture.
_FAINT = 0.05


@dataclass(frozen=True)
class _Views:
    """Image and map as arrays (z, y, x) growing to the top, the front and the right, and the voxel size likewise."""

    image: np.ndarray
    soft: np.ndarray
    spacing: tuple[float, float, float]


def draw_overlay(image: sitk.Image, soft: sitk.Image, path: Path, *, threshold: float, title: str) -> None:
    """Write a PNG: a sagittal view through the cord and eight axial slices along it.

    The soft map is coloured by its value, the line is the contour at ``threshold``. Axial slices are shown as
    radiologists do: the patient's right is on the left of the picture, the front is on top.
    """
    views = _views(image, soft)
    figure = new_figure(13, 6.2, by_hand=True)
    _draw_sagittal(figure.add_axes(_SAGITTAL), views, threshold)
    for number, k in enumerate(_chosen_slices(views.soft, threshold)):
        row, column = divmod(number, _SLICES // 2)
        _draw_axial(figure.add_axes((0.255 + 0.167 * column, 0.485 - 0.46 * row, 0.16, 0.42)), views, k, threshold)
    figure.colorbar(_colours(), cax=figure.add_axes(_SCALE), label="soft value (fraction of the voxel)")
    found = views.soft.max() >= threshold
    figure.suptitle(title if found else f"{title}: no cord found", color="black" if found else "firebrick")
    save_figure(figure, path, dpi=100)


def _views(image: sitk.Image, soft: sitk.Image) -> _Views:
    oriented = reorient(image, "RAS")
    values = sitk.GetArrayFromImage(oriented).astype(np.float32)
    return _Views(values, sitk.GetArrayFromImage(reorient(soft, "RAS")), oriented.GetSpacing()[::-1])


def _chosen_slices(soft: np.ndarray, threshold: float) -> list[int]:
    """Evenly spaced slices from the top of the cord to its end, or of the image where there is no cord."""
    holding = np.flatnonzero(soft.max(axis=(1, 2)) >= threshold)
    first, last = (holding[0], holding[-1]) if holding.size else (0, len(soft) - 1)
    return list(dict.fromkeys(np.linspace(last, first, _SLICES).round().astype(int).tolist()))


def _centre(plane: np.ndarray) -> tuple[float, float]:
    """Centre of mass (row, column) of a soft plane; the middle where it is empty."""
    total = plane.sum()
    if total <= 0:
        return (plane.shape[0] - 1) / 2, (plane.shape[1] - 1) / 2
    rows, columns = np.arange(plane.shape[0]), np.arange(plane.shape[1])
    return float(plane.sum(1) @ rows / total), float(plane.sum(0) @ columns / total)


def _draw_sagittal(axes: "Axes", views: _Views, threshold: float) -> None:
    middle = round(_centre(views.soft.sum(axis=0))[1])
    _paint(axes, views.image[:, :, middle], views.soft[:, :, middle], views.spacing[0] / views.spacing[1], threshold)
    axes.invert_xaxis()
    _mark(axes, left="A", right="P", title="sagittal")


def _draw_axial(axes: "Axes", views: _Views, k: int, threshold: float) -> None:
    row, column = _centre(views.soft[k])
    height, width = _HALF_WIDTH / views.spacing[1], _HALF_WIDTH / views.spacing[2]
    # Cut before painting, so that each slice's grey window is that of the region seen: end slices are often dark.
    rows = slice(max(0, round(row - height)), round(row + height) + 1)
    columns = slice(max(0, round(column - width)), round(column + width) + 1)
    image, soft = views.image[k, rows, columns], views.soft[k, rows, columns]
    _paint(axes, image, soft, views.spacing[1] / views.spacing[2], threshold)
    axes.invert_xaxis()
    _mark(axes, left="R", right="L", title=f"slice {k + 1} of {len(views.image)}")


def _paint(axes: "Axes", image: np.ndarray, soft: np.ndarray, aspect: float, threshold: float) -> None:
    low, high = np.percentile(image, (1, 99.5))
    axes.imshow(image, cmap="gray", vmin=low, vmax=high, origin="lower", aspect=aspect)
    shown = np.ma.masked_less(soft, _FAINT)
    axes.imshow(shown, cmap="inferno", vmin=0, vmax=1, alpha=0.55, origin="lower", aspect=aspect)
    if min(soft.shape) > 1 and soft.min() < threshold <= soft.max():
        axes.contour(soft, levels=[threshold], colors=["#39d353"], linewidths=0.8)


def _mark(axes: "Axes", *, left: str, right: str, title: str) -> None:
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()
    for x, letter in ((0.04, left), (0.96, right)):
        axes.text(x, 0.5, letter, transform=axes.transAxes, color="white", fontsize=8, ha="center", va="center")


def _colours():  # type: ignore[no-untyped-def]  # matplotlib's type is known only after its lazy import
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(0, 1), "inferno")
