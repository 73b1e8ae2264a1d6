"""What one slice shows: the object that is the cord, and its shape as SCT measures it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.measure import regionprops
from skimage.segmentation import watershed

_NEIGHBOURS = np.ones((3, 3), dtype=bool)

#: Pixels that SCT leaves around the object before it zooms; soft values farther out do not count in its area.
_SCT_MARGIN = 3

#: SCT's pixel in mm after zooming, and the most pixels along a side that we allow (a cord needs about 150).
_SCT_PIXEL, _MOST_PIXELS = 0.1, 600


@dataclass(frozen=True)
class CordObject:
    """The object of a slice that is taken for the cord.

    ``mass`` is the sum of its soft values, ``centre`` their weighted mean (column, row) in pixels, ``maximum`` the
    largest soft value of the slice, which in a ``faint`` one does not reach the threshold, ``components`` the number of
    separate objects of the slice.
    """

    mass: float
    centre: tuple[float, float]
    maximum: float
    faint: bool
    components: int
    touches_border: bool


def cord_object(soft: np.ndarray, threshold: float) -> CordObject | None:
    """Find the object with the largest sum of soft values in a slice (row, column); ``None`` if the slice is all 0.

    Objects are the connected pixels of at least ``threshold`` (or of half the slice's maximum where all of it is
    fainter); each takes with it the softer pixels that lead down from it, so that a rim shared by two objects is
    divided at its valley, and stray faint pixels belong to none.
    """
    rows, columns = np.flatnonzero(soft.any(axis=1)), np.flatnonzero(soft.any(axis=0))
    if len(rows) == 0:
        return None
    top, left = rows[0], columns[0]
    patch = soft[top : rows[-1] + 1, left : columns[-1] + 1].astype(np.float64)
    maximum = float(patch.max())
    faint = maximum < threshold
    core = patch >= (maximum / 2 if faint else threshold)
    seeds, count = ndimage.label(core, _NEIGHBOURS)
    objects = watershed(-patch, seeds, connectivity=2, mask=patch > 0)
    masses = np.bincount(objects.ravel(), patch.ravel(), minlength=count + 1)
    main = int(masses[1:].argmax()) + 1
    y, x = np.nonzero(objects == main)
    weights = patch[y, x]
    y, x = y + top, x + left
    height, width = soft.shape
    return CordObject(
        mass=float(masses[main]),
        centre=(float(np.average(x, weights=weights)), float(np.average(y, weights=weights))),
        maximum=maximum,
        faint=faint,
        components=int(count),
        touches_border=bool(y.min() == 0 or x.min() == 0 or y.max() == height - 1 or x.max() == width - 1),
    )


@dataclass(frozen=True)
class SctShape:
    """Shape of a slice as SCT reports it: mm and mm², orientation in degrees from the right-left axis in [0, 90]."""

    area: float
    diameter_ap: float
    diameter_rl: float
    eccentricity: float
    orientation: float
    solidity: float


def sct_shape(soft: np.ndarray, pixel: tuple[float, float]) -> SctShape | None:
    """Measure a slice (row P->A, column R->L) as SCT does; ``pixel`` is its size in mm (column, row), angles included.

    SCT stretches the values of a slice to [0, 1], crops to what exceeds .5 and 3 pixels around it, zooms linearly to
    0.1 mm, sums the values for the area and takes the ellipse with the moments of what exceeds .5 for the shape;
    several objects count as one. Deviations: the angle's scaling and the zoom are one interpolation, not two; an
    object larger than 60 mm is zoomed less. ``None`` for a slice of one value, which SCT cannot stretch.
    """
    low, high = float(soft.min()), float(soft.max())
    if high <= low:
        return None
    stretched = (soft.astype(np.float64) - low) / (high - low)
    box = tuple(
        slice(max(extent.start - _SCT_MARGIN, 0), extent.stop + _SCT_MARGIN)
        for extent in ndimage.find_objects((stretched > 0.5).astype(np.uint8))[0]
    )
    patch = stretched[box]
    size = np.array(patch.shape) * (pixel[1], pixel[0])
    step = max(_SCT_PIXEL, size.max() / _MOST_PIXELS)
    fine = ndimage.zoom(patch, size / step / patch.shape, order=1, mode="grid-constant", grid_mode=True)
    # The zoom rounds to whole pixels, so the true pixel differs a little from ``step``.
    fine_pixel = size / fine.shape
    area = float(fine.sum() * fine_pixel.prod())
    solid = fine > 0.5
    if min(solid.any(axis=0).sum(), solid.any(axis=1).sum()) < 2:
        # A speck without extent in one direction has an area but no ellipse and no convex hull.
        return SctShape(area, *[np.nan] * 5)
    region = regionprops(solid.astype(np.uint8), spacing=tuple(fine_pixel))[0]
    # scikit-image counts from the row axis (AP), SCT from the column axis (RL).
    orientation = 90 - abs(float(np.degrees(region.orientation)))
    major, minor = float(region.axis_major_length), float(region.axis_minor_length)
    return SctShape(
        area=area,
        diameter_ap=minor if orientation < 45 else major,
        diameter_rl=major if orientation < 45 else minor,
        eccentricity=float(region.eccentricity),
        orientation=orientation,
        solidity=float(region.solidity),
    )
