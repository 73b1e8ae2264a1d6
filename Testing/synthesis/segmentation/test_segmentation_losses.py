"""The twelve losses: what each weighting weighs, against values worked out by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from crosscontrast.synthesis.segmentation.losses import class_weights, segmentation_loss, voxel_weights

LOSSES, WEIGHTINGS = ("ce", "dice"), ("none", "inverse", "median", "focal", "dtm", "dpt")


def one_hot(labels, classes=3):
    return functional.one_hot(torch.as_tensor(labels), classes).movedim(-1, 1).float()


@pytest.fixture
def random_case():
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (2, 8, 8), generator=generator)
    return torch.randn(2, 3, 8, 8, generator=generator), one_hot(labels), labels


def test_without_weights_cross_entropy_is_pytorch_s(random_case):
    logits, target, labels = random_case
    found = segmentation_loss(logits, target, "ce", "none", torch.ones(3))
    torch.testing.assert_close(found, functional.cross_entropy(logits, labels))


def test_class_weights_in_cross_entropy_are_pytorch_s(random_case):
    logits, target, labels = random_case
    weights = torch.tensor([0.2, 1.0, 1.8])
    found = segmentation_loss(logits, target, "ce", "inverse", weights)
    torch.testing.assert_close(found, functional.cross_entropy(logits, labels, weight=weights))


def test_focal_cross_entropy_is_that_of_lin_et_al(random_case):
    logits, target, labels = random_case
    entropy = functional.cross_entropy(logits, labels, reduction="none")
    found = segmentation_loss(logits, target, "ce", "focal", torch.ones(3))
    torch.testing.assert_close(found, ((1 - torch.exp(-entropy)) ** 2 * entropy).mean())


def test_inverse_and_median_frequencies():
    shares = torch.tensor([0.8, 0.15, 0.05, 0.0])
    inverse = class_weights(shares, "inverse")
    torch.testing.assert_close(inverse[:3] * shares[:3], (inverse[0] * 0.8).expand(3))
    assert inverse[3] == 0
    assert float(inverse.sum()) == pytest.approx(3)
    median = class_weights(shares, "median")
    torch.testing.assert_close(median[:3] / median[1], 0.15 / shares[:3])


def test_distance_weights_grow_away_from_borders_or_towards_them():
    target = one_hot(np.array([[[0, 0, 0, 0, 1, 1, 1, 1]] * 8]), 2)
    dtm, dpt = (voxel_weights(target, target, name)[0, 0] for name in ("dtm", "dpt"))
    torch.testing.assert_close(dtm, torch.tensor([2, 5 / 3, 4 / 3, 1, 1, 4 / 3, 5 / 3, 2]))
    torch.testing.assert_close(dtm + dpt, torch.full((8,), 3.0))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_each_loss_is_least_for_the_truth_and_teaches_it(loss, weighting, random_case):
    logits, target, labels = random_case
    weights = class_weights(target.mean((0, 2, 3)), weighting)
    right = segmentation_loss(20 * target, target, loss, weighting, weights)
    wrong = segmentation_loss(20 * target.roll(1, 1), target, loss, weighting, weights)
    assert float(right) == pytest.approx(0, abs=1e-3)
    assert float(wrong) > 0.9
    answer = logits.clone().requires_grad_()
    optimiser = torch.optim.Adam([answer], 0.1)
    for _ in range(80):
        optimiser.zero_grad()
        segmentation_loss(answer, target, loss, weighting, weights).backward()
        optimiser.step()
    assert (answer.argmax(1) == labels).float().mean() > 0.97


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighting", WEIGHTINGS[:4])
def test_voxels_without_a_label_do_not_count(loss, weighting, random_case):
    logits, target, _ = random_case
    known = torch.ones(2, 1, 8, 8)
    known[..., 4:] = 0
    other = target.clone()
    other[..., 4:] = target.roll(1, 1)[..., 4:]
    found = [segmentation_loss(logits, t, loss, weighting, torch.ones(3), known) for t in (target, other)]
    torch.testing.assert_close(*found)
