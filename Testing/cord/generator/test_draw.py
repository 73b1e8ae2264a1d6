"""Random fields."""

import pytest
import torch
from torch.nn import functional

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid


@pytest.mark.parametrize(("shape", "scale", "sides"), [((20, 12, 9), 4.0, (6, 4, 4)), ((16, 16, 24), 60.0, (2, 2, 2))])
def test_a_field_interpolates_a_coarse_lattice_linearly_along_all_three_axes(
    shape: tuple[int, int, int], scale: float, sides: tuple[int, int, int]
):
    lattice = torch.randn(sides, generator=torch.Generator().manual_seed(5))
    expected = functional.interpolate(lattice[None, None], size=shape, mode="trilinear", align_corners=False)[0, 0]
    assert torch.allclose(Draw(5).field(Grid(shape), scale), expected, atol=1e-5)
