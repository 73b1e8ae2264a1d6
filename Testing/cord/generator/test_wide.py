"""What a network that searches meets: patches anywhere in a body, echo-planar images, thin slabs."""

import pytest
import torch

from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.appearance import draw_sample
from crosscontrast.cord.generator.contrast import draw_contrast, suppress_fat, swap_fat
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.echo_planar import distort
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.tissues import CORD, Tissue

GRID = Grid((16, 32, 32))
SEEDS = range(60)


@pytest.fixture(scope="module")
def bodies():
    return [draw_anatomy(GRID, Draw(seed), wide=True) for seed in SEEDS]


def test_tissues_fill_every_voxel_of_a_wide_patch_and_the_truth_is_what_was_painted(bodies):
    for body in bodies:
        assert float(body.fractions.min()) > -1e-5
        assert torch.allclose(body.fractions.sum(0), torch.tensor(1.0), atol=1e-4)
        assert torch.allclose(body.cord, body.fractions[list(CORD)].sum(0))


def test_more_patches_of_a_wide_search_are_far_from_the_cord(bodies):
    near = sum(float(draw_anatomy(GRID, Draw(seed)).cord.sum()) > 100 for seed in SEEDS)
    wide = sum(float(body.cord.sum()) > 100 for body in bodies)
    assert 0.3 * len(SEEDS) < wide < 0.85 * near


def test_a_centred_patch_is_the_same_as_before_a_wide_search_was_known():
    """Models and tests depend on seeds: the numbers drawn for other patches must not change."""
    plain, wide = (draw_sample(draw_anatomy(GRID, Draw(3)), GRID, Draw(4), wide=wide) for wide in (False, True))
    again = draw_sample(draw_anatomy(GRID, Draw(3), wide=False), GRID, Draw(4))
    assert torch.equal(plain.image, again.image)
    assert not torch.equal(plain.image, wide.image)


def test_an_echo_planar_image_and_its_truth_are_moved_together():
    """The image brightens by 2.5 at most; where it went elsewhere than the truth it would do so a hundredfold."""
    grid = Grid((24, 48, 48))
    _, y, x = grid.axes()
    tube = ((x - 4) ** 2 + (y + 5) ** 2 < 36).float().expand(grid.shape)
    farthest = 0.0
    for seed in range(12):
        image, shown = distort(tube + 0.01, torch.stack([tube, tube]), grid, Draw(seed))
        assert torch.equal(shown[0], shown[1])
        assert float((image / (shown[0] + 0.01)).max()) < 2.6
        middles = [(part.sum((0, 2)) @ y.flatten() / part.sum()) for part in (shown[0], tube)]
        farthest = max(farthest, abs(float(middles[0] - middles[1])))
    assert farthest > 1


def test_fat_is_suppressed_or_changes_places_with_water():
    contrast = draw_contrast(Draw(1), echo_planar=True)
    assert contrast.name == "EPI"
    assert contrast.means[Tissue.CSF] > contrast.means[Tissue.WHITE]
    dark = suppress_fat(contrast, Draw(2))
    assert dark.means[Tissue.FAT] <= 0.3 * contrast.means[Tissue.FAT]
    swapped = swap_fat(contrast)
    assert swapped.means[Tissue.FAT] == contrast.means[Tissue.MUSCLE]
    assert swapped.means[Tissue.MUSCLE] == contrast.means[Tissue.FAT]
    assert torch.equal(swapped.means[list(CORD)], contrast.means[list(CORD)])


def test_thin_slabs_lie_in_a_window_as_inference_puts_them(bodies):
    """Some samples count in a few slices only, about the middle; beyond them the last ones are repeated."""
    thin = 0
    for seed, body in enumerate(bodies[:40]):
        counts = draw_sample(body, GRID, Draw(1000 + seed), wide=True).weight[0].amax((1, 2)) > 0
        slices = torch.nonzero(counts).flatten()
        if len(slices) <= 8:
            thin += 1
            assert len(slices) == int(slices[-1] - slices[0]) + 1
            assert abs(float(slices.float().mean()) - (GRID.shape[0] - 1) / 2) <= 1
    assert 2 <= thin <= 25
