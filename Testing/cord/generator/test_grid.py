import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscontrast.cord.generator.grid import Grid, coverage, ellipse, true_distance


def test_axes_grow_to_the_top_the_front_and_the_right_around_the_origin():
    z, y, x = Grid((4, 6, 8), spacing=0.5).axes()
    assert z.shape == (4, 1, 1)
    assert y.shape == (1, 6, 1)
    assert x.shape == (1, 1, 8)
    for axis in (z, y, x):
        assert torch.allclose(axis.flatten().diff(), torch.tensor(0.5))
        assert abs(float(axis.sum())) < 1e-5


@settings(max_examples=15, deadline=None)
@given(radius=st.floats(5.0, 10.0), shift=st.floats(-0.5, 0.5))
def test_a_sphere_keeps_its_volume_at_any_place_within_the_voxels(radius: float, shift: float):
    grid = Grid((24, 24, 24))
    z, y, x = grid.axes()
    distance = ((z - shift) ** 2 + (y + shift / 2) ** 2 + x**2).sqrt() - radius
    assert float(coverage(distance, grid).sum()) == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.015)


@pytest.mark.parametrize("tilt", [0, 20, 45])
def test_a_tilted_tube_has_the_cross_section_of_geometry_whatever_its_level_function(tilt: float):
    """The level is sheared and scaled, as a bent frame's is: area across z must still grow by 1 / cos(tilt)."""
    grid = Grid((16, 48, 48))
    z, y, x = grid.axes()
    level = ellipse(x, y - math.tan(math.radians(tilt)) * z, 6.0, 6.0 / math.cos(math.radians(tilt)))
    area = float(coverage(true_distance(level, grid), grid)[8].sum())
    assert area == pytest.approx(math.pi * 36 / math.cos(math.radians(tilt)), rel=0.02)


def test_an_ellipse_is_measured_in_millimetres_on_all_sides():
    u = torch.tensor([8.0, 0.0, -9.0, 0.0])
    v = torch.tensor([0.0, 5.0, 0.0, -3.0])
    assert torch.allclose(ellipse(u, v, 8.0, 4.0), torch.tensor([0.0, 1.0, 1.0, -1.0]), atol=0.05)


def test_a_refined_grid_covers_the_same_space():
    grid = Grid((5, 6, 7))
    assert grid.refined(4).size == grid.size
    assert grid.refined(4).shape == (20, 24, 28)
