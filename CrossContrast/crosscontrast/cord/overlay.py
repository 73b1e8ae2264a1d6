"""A picture of a soft segmentation over its image, to judge a result at a glance.

Put together from arrays and Pillow's text in 0.15 s of processor time: there are no axes to draw, and matplotlib takes
0.5 s to be imported and as much to draw them.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.geometry import oriented_view

if TYPE_CHECKING:
    from PIL.Image import Image

#: Width and height of the picture, and its parts (left, top, width, height), in pixels.
_SIZE = (1300, 620)
_SAGITTAL, _SCALE = (13, 62, 306, 539), (1222, 124, 15, 403)
_AXIAL, _FIRST, _STEP = (208, 260), (332, 59), (217, 285)
#: Axial slices shown, in rows of four beside the sagittal view.
_SLICES = 8
#: Half width in mm of the axial views around the cord.
_HALF_WIDTH = 30.0
#: Soft values below this are not painted: they would tint the whole picture. How much the others cover.
_FAINT, _COVER = 0.05, 0.55
#: Colours of soft values from 0 to 1, evenly spaced: those of matplotlib's "inferno".
_COLOURS = np.array(
    [
        *((0, 0, 4), (33, 12, 74), (87, 16, 110), (138, 34, 106), (188, 55, 84)),
        *((228, 90, 49), (249, 142, 9), (249, 203, 53), (252, 255, 164)),
    ]
)
_LINE, _RED = (57, 211, 83), (178, 34, 34)


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
    from PIL import Image, ImageDraw

    oriented = oriented_view(image, "RAS")
    views = _Views(oriented.values, oriented_view(soft, "RAS").values, oriented.spacing[::-1])
    picture = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(picture)
    _draw_sagittal(picture, views, threshold)
    for number, k in enumerate(_chosen_slices(views.soft, threshold)):
        row, column = divmod(number, _SLICES // 2)
        place = (_FIRST[0] + _STEP[0] * column, _FIRST[1] + _STEP[1] * row, *_AXIAL)
        _draw_axial(picture, place, views, k, threshold)
    _draw_scale(picture)
    found = views.soft.max() >= threshold
    words = title if found else f"{title}: no cord found"
    draw.text((_SIZE[0] / 2, 18), words, "black" if found else _RED, _font(17), "mm")
    with atomic_write(path) as temporary:
        picture.save(temporary, "PNG", compress_level=4)


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


def _draw_sagittal(picture: "Image", views: _Views, threshold: float) -> None:
    middle = round(_centre(views.soft.sum(axis=0))[1])
    image, soft = views.image[:, :, middle], views.soft[:, :, middle]
    shown = _painted(image, soft, views.spacing[:2], _SAGITTAL[2:], threshold)
    _paste(picture, shown, _SAGITTAL, letters="AP", title="sagittal")


def _draw_axial(picture: "Image", place: tuple[int, int, int, int], views: _Views, k: int, threshold: float) -> None:
    row, column = _centre(views.soft[k])
    height, width = _HALF_WIDTH / views.spacing[1], _HALF_WIDTH / views.spacing[2]
    # Cut before painting, so that each slice's grey window is that of the region seen: end slices are often dark.
    rows = slice(max(0, round(row - height)), round(row + height) + 1)
    columns = slice(max(0, round(column - width)), round(column + width) + 1)
    image, soft = views.image[k, rows, columns], views.soft[k, rows, columns]
    shown = _painted(image, soft, views.spacing[1:], place[2:], threshold)
    _paste(picture, shown, place, letters="RL", title=f"slice {k + 1} of {len(views.image)}")


def _painted(
    image: np.ndarray, soft: np.ndarray, spacing: tuple[float, ...], room: tuple[int, ...], threshold: float
) -> "Image":
    """Return planes (rows upwards, columns to the left) of pixels of ``spacing`` mm, as large as there is room."""
    from PIL import Image

    tall, wide = (n * side for n, side in zip(image.shape, spacing, strict=True))
    scale = min(room[0] / wide, room[1] / tall)
    size = (max(round(wide * scale), 1), max(round(tall * scale), 1))
    image, soft = (
        np.asarray(
            Image.fromarray(np.ascontiguousarray(plane[::-1, ::-1], np.float32)).resize(size, Image.Resampling.BILINEAR)
        )
        for plane in (image, soft)
    )
    low, high = np.percentile(image, (1, 99.5))
    grey = np.clip((image - low) / max(high - low, 1e-6), 0, 1)[..., None] * 255
    cover = np.where(soft >= _FAINT, _COVER, 0)[..., None]
    colours = grey * (1 - cover) + cover * _coloured(soft)
    colours[_outline(soft >= threshold)] = _LINE
    return Image.fromarray(colours.astype(np.uint8))


def _coloured(values: np.ndarray) -> np.ndarray:
    """Return colours (..., 3) of soft values."""
    steps = np.linspace(0, 1, len(_COLOURS))
    return np.stack([np.interp(values, steps, channel) for channel in _COLOURS.T], -1)


def _outline(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask that touch one outside of it by a side; the picture's border is none."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def _paste(picture: "Image", shown: "Image", place: tuple[int, int, int, int], *, letters: str, title: str) -> None:
    """Put a view into the middle of its place, with its title above and a letter for each side."""
    from PIL import ImageDraw

    left, top, width, height = place
    x, y = left + (width - shown.width) // 2, top + (height - shown.height) // 2
    picture.paste(shown, (x, y))
    draw, font, middle = ImageDraw.Draw(picture), _font(11), y + shown.height / 2
    draw.text((left + width / 2, y - 4), title, "black", font, "ms")
    for side, letter in zip((0.04, 0.96), letters, strict=True):
        draw.text((x + side * shown.width, middle), letter, "white", font, "mm")


def _draw_scale(picture: "Image") -> None:
    from PIL import Image, ImageDraw

    left, top, width, height = _SCALE
    column = _coloured(np.linspace(1, 0, height))[:, None].repeat(width, 1)
    picture.paste(Image.fromarray(column.astype(np.uint8)), (left, top))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((left, top, left + width, top + height), outline="black")
    for value in (0, 0.2, 0.4, 0.6, 0.8, 1):
        y = top + height * (1 - value)
        draw.line((left + width, y, left + width + 4, y), "black")
        draw.text((left + width + 7, y), f"{value:.1f}", "black", _font(11), "lm")
    words = "soft value (fraction of the voxel)"
    label = Image.new("L", (height, 18), 255)
    ImageDraw.Draw(label).text((height / 2, 9), words, 0, _font(12), "mm")
    picture.paste(label.rotate(90, expand=True), (left + width + 32, top))


def _font(size: int):  # type: ignore[no-untyped-def]  # Pillow's type depends on what it was built with
    """Return matplotlib's sans-serif letters, which know Greek and Cyrillic, or Pillow's own."""
    from PIL import ImageFont

    found = find_spec("matplotlib")  # does not import it
    file = Path(found.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf" if found and found.origin else None
    return ImageFont.truetype(str(file), size) if file and file.is_file() else ImageFont.load_default(size)
