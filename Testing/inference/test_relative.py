"""An image relative to a structure and its surroundings: the same for every contrast, and harmless where unknown."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscontrast.cord.phantom import CONTRASTS, CordPhantom
from crosscontrast.inference.relative import LIMITS, relative_contrast

SHAPE = (24, 20, 20)
#: One Gaussian along the structure; a second, shorter one corrects it.
LONG, SHORT = (6.0,), (6.0, 2.5)


def tubes(inner=3.0, outer=7.0):
    """Soft masks of a tube along the first axis and of the wider tube that it lies in."""
    y, x = np.mgrid[: SHAPE[1], : SHAPE[2]] - 9.5
    radius = np.broadcast_to(np.hypot(y, x), SHAPE)
    return (torch.from_numpy(np.clip(side + 0.5 - radius, 0, 1).astype(np.float32)) for side in (inner, outer))


def scan(cord_level, fluid_level, noise=0.0, seed=0):
    """An image of the tubes with a background of 0.3."""
    cord, canal = tubes()
    noise = noise * torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))
    return 0.3 + canal * (fluid_level - 0.3) + cord * (cord_level - fluid_level) + noise


@settings(max_examples=40, deadline=None)
@given(
    gain=st.one_of(st.floats(0.05, 50), st.floats(-50, -0.05)), offset=st.floats(-100, 100), seed=st.integers(0, 1000)
)
def test_gain_offset_and_inverted_contrast_change_nothing(gain, offset, seed):
    image = scan(0.4, 1.0, noise=0.05, seed=seed)
    cord, canal = tubes()
    reference = relative_contrast(image, cord, canal, LONG)
    assert torch.allclose(relative_contrast(gain * image + offset, cord, canal, LONG), reference, atol=2e-2)


def test_the_structure_becomes_one_and_its_surroundings_zero():
    cord, canal = tubes()
    relative = relative_contrast(scan(0.4, 1.0), cord, canal, LONG)
    assert torch.allclose(relative[canal == 1], cord[canal == 1], atol=0.03)


def test_all_contrasts_of_a_phantom_look_alike_inside_the_canal():
    """T1w has dark fluid, T2w bright fluid; relative to the two, the cord's border is the same border."""
    phantom = CordPhantom(size=(48, 48, 24), origin=(-24, 24, -12), noise=0.0)
    fractions = {name: torch.from_numpy(share.astype(np.float32)) for name, share in phantom._fractions().items()}
    images = [torch.from_numpy(sitk.GetArrayFromImage(phantom.image(name))) for name in CONTRASTS]
    relative = [relative_contrast(image, fractions["pia"], fractions["canal"], LONG) for image in images]
    inside = (fractions["canal"] > 0.999) & (fractions["grey"] < 0.001)
    for one in relative:
        assert (one - fractions["pia"])[inside].abs().mean() < 0.07  # the cord with its pia, which looks like it


def test_a_drift_along_the_structure_is_taken_out():
    cord, canal = tubes()
    drift = torch.linspace(0.6, 1.4, SHAPE[0])[:, None, None]
    relative = relative_contrast(scan(0.4, 1.0) * drift, cord, canal, LONG)
    ends = [relative[index][cord[index] == 1].mean() for index in (2, -3)]
    assert ends == pytest.approx([1, 1], abs=0.12)


@pytest.mark.parametrize(("reaches", "follows"), [(LONG, False), (SHORT, True)])
def test_a_short_reach_follows_a_contrast_that_turns_round_at_the_end_of_a_slab(reaches, follows):
    """Without a pulse, fluid is darker than the cord in the middle of a slab and brighter at its ends."""
    cord, canal = tubes()
    image = scan(0.8, 0.5)
    image[:5] = scan(0.8, 1.1)[:5]
    relative = relative_contrast(image, cord, canal, reaches)
    end = relative[1][cord[1] == 1].mean() - relative[1][(canal - cord)[1] == 1].mean()
    assert (abs(float(end) - 1) < 0.25) == follows
    middle = relative[-4][cord[-4] == 1].mean()
    assert middle == pytest.approx(1, abs=0.1)


def test_a_short_reach_keeps_the_long_one_where_the_estimate_has_a_gap():
    cord, canal = tubes()
    gap = torch.ones(SHAPE[0], 1, 1)
    gap[8:16] = 0
    relative = relative_contrast(scan(0.4, 1.0, noise=0.02), cord * gap, canal * gap, SHORT)
    assert relative[12][cord[12] == 1].mean() == pytest.approx(1, abs=0.1)


def test_a_vague_estimate_that_lies_a_voxel_aside_is_off_by_less_than_a_fifth():
    cord, canal = tubes()
    image = scan(0.4, 1.0)
    exact = relative_contrast(image, cord, canal, LONG)
    rough = relative_contrast(image, 0.4 * torch.roll(cord, 1, 2), 0.7 * torch.roll(canal, 1, 1), LONG)
    assert (rough - exact)[canal == 1].abs().mean() < 0.2


@pytest.mark.parametrize("known", [(0, 0), (1, 0), (0, 1)])
def test_what_is_not_known_gives_zeros(known):
    cord, canal = (share * factor for share, factor in zip(tubes(), known, strict=True))
    assert not relative_contrast(scan(0.4, 1.0), cord, canal, LONG).any()


def test_noise_does_not_explode_where_both_look_the_same():
    cord, canal = tubes()
    relative = relative_contrast(scan(0.5, 0.5, noise=0.05), cord, canal, LONG)
    assert relative[canal > 0.9].std() < 2.5
    assert relative.min() >= LIMITS[0]
    assert relative.max() <= LIMITS[1]
