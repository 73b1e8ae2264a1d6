import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import draw_frame, profile
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.morphometry import CORD_FRONT, CORD_RIGHT, SAC_FRONT, SAC_RIGHT


@settings(max_examples=50, deadline=None)
@given(start=st.floats(-700, 150), span=st.floats(1, 300))
def test_a_profile_is_linear_interpolation_and_constant_beyond_its_ends(start: float, span: float):
    heights = torch.linspace(start, start + span, 40)
    for knots in (CORD_RIGHT, CORD_FRONT, SAC_RIGHT, SAC_FRONT):
        at, values = zip(*sorted(knots), strict=True)
        assert np.allclose(profile(heights, knots), np.interp(heights, at, values), atol=1e-3)


def test_the_frame_grows_to_the_right_the_front_and_the_top():
    for seed in range(30):
        frame = draw_frame(Grid((32, 40, 48)), Draw(seed))
        assert float((frame.u[..., 1:] - frame.u[..., :-1]).mean()) > 0.3
        assert float((frame.v[:, 1:] - frame.v[:, :-1]).mean()) > 0.3
        assert float((frame.w[1:] - frame.w[:-1]).mean()) > 0.3
        assert float((frame.height[1:] - frame.height[:-1]).mean()) > 0


def test_patches_come_from_head_neck_chest_and_loins():
    centres = [draw_frame(Grid((8, 8, 8)), Draw(seed)).centre for seed in range(300)]
    for low, high, least in ((0, 100, 20), (-130, 0, 100), (-330, -130, 30), (-600, -330, 30)):
        assert sum(low <= c < high for c in centres) >= least
