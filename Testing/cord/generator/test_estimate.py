"""Rough first estimates: wrong enough to learn from, never so wrong that they point elsewhere."""

import torch

from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.appearance import draw_sample
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.estimate import rough_estimate, with_relative
from crosscontrast.cord.generator.grid import Grid

GRID = Grid((48, 32, 32))


def bodies(count):
    """Samples of centred bodies that show a good piece of cord."""
    seed, found = 400, []
    while len(found) < count:
        draw = Draw(seed)
        sample = draw_sample(draw_anatomy(GRID, draw, centred=True), GRID, draw)
        if float(sample.target[0].sum()) > 1500 and float(sample.weight[1].max()) == 1:
            found.append(sample)
        seed += 1
    return found


def test_estimates_are_fractions_nested_and_near_the_truth_but_not_the_truth():
    kept = 0
    for number, sample in enumerate(bodies(8)):
        estimate = rough_estimate(sample.target, GRID, Draw(number))
        assert float(estimate.min()) >= 0
        assert float(estimate.max()) <= 1
        assert (estimate[1] >= estimate[0]).all()
        if not estimate.any():
            continue
        kept += 1
        assert not torch.allclose(estimate, sample.target, atol=0.05)
        centres = [torch.nonzero(part > 0.5 * part.max()).float().mean(0) for part in (sample.target[0], estimate[0])]
        assert float((centres[0] - centres[1])[1:].abs().max()) < 4
    assert kept >= 6


def test_the_second_channel_shows_most_cords_brighter_than_their_fluid():
    """Whatever the contrast, in most samples cord is nearer to 1 and fluid nearer to 0."""
    right = 0
    for number, sample in enumerate(bodies(12)):
        both = with_relative(sample, GRID, Draw(number), (6.0,))
        assert torch.equal(both.image[0], sample.image[0])
        cord, fluid = sample.target[0] > 0.99, (sample.target[1] - sample.target[0]) > 0.99
        if min(int(cord.sum()), int(fluid.sum())) > 50:
            right += float(both.image[1][cord].mean()) > 0.5 > float(both.image[1][fluid].mean())
        else:
            right += 1
    assert right >= 9
