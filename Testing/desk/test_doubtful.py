"""Slices that should be looked at first."""

import numpy as np
import pytest
import SimpleITK as sitk
from support import oblique_direction

from crosscontrast.cord.csa.live import LiveCsa
from crosscontrast.desk.doubtful import doubtful_slices
from crosscontrast.ground.images import image_like


def cord(left_handed, shifted=()):
    """A straight cord of slices along the body, off the middle; ``shifted`` are (slice, factor of its radius)."""
    k, j, i = np.indices((24, 40, 36))
    radius = np.full(24, 5.0)
    for number, factor in shifted:
        radius[number] *= factor
    soft = np.clip(radius[k] - np.hypot(i - 14, j - 22) + 0.5, 0, 1).astype(np.float32)
    image = sitk.Image(36, 40, 24, sitk.sitkFloat32)
    image.SetSpacing((1.0, 1.0, 3.0))
    image.SetOrigin((4.0, -11.0, 30.0))
    image.SetDirection(oblique_direction(left_handed))
    return image_like(soft, image)


def upside_down(image):
    """The same image, its slices stored from the top."""
    return sitk.Flip(image, [False, False, True])


def places(image, found):
    """Indices (i, j, k) of the places."""
    return [image.TransformPhysicalPointToContinuousIndex((-x, -y, z)) for x, y, z in (one.place for one in found)]


def test_jumps_of_the_area_come_worst_first_where_they_are():
    for left_handed in (False, True):
        image = cord(left_handed, [(6, 1.5), (17, 0.8)])
        live = LiveCsa(image)
        found = doubtful_slices(*live.curve_and_centres())
        assert [one.slice for one in found] == [6, 17]
        assert "off its neighbours'" in found[0].why
        for (i, j, k), one in zip(places(image, found), found, strict=True):
            assert abs(k - one.slice) < 0.5
            assert np.hypot(i - 14, j - 22) < 1.5


def test_a_gap_is_doubtful_and_an_even_cord_is_not():
    assert doubtful_slices(*LiveCsa(cord(False)).curve_and_centres()) == []
    gap = doubtful_slices(*LiveCsa(cord(False, [(10, -1.0)])).curve_and_centres())
    assert [(one.slice, one.why) for one in gap] == [(10, "no cord between two parts of it")]
    empty = image_like(np.zeros((24, 40, 36), np.float32), cord(False))
    assert doubtful_slices(*LiveCsa(empty).curve_and_centres()) == []


@pytest.mark.parametrize("stored", [lambda image: image, upside_down], ids=["as it is", "upside down"])
def test_where_the_model_was_not_sure_is_found_where_it_lies(stored):
    values = np.zeros((24, 40, 36), np.float32)
    values[5, 20:25, 14] = 4.0
    values[6, 20:25, 14] = 3.0
    values[20, 22, 14:16] = 4.5
    image = cord(True)
    spread = stored(image_like(values, image))
    live = LiveCsa(stored(image))
    assert live.pixel_area == pytest.approx(1)
    found = doubtful_slices(*live.curve_and_centres(), live.by_slice(sitk.GetArrayFromImage(spread)))
    assert "not sure of 2" in found[0].why
    assert [round(k) for _, _, k in places(image, found)] == [5, 20], "of neighbours the worst"
