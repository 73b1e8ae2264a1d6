"""The soft statistics equal the hard ones where intensities lie on levels, and gradients bring them together."""

import numpy as np
import pytest
import torch
from scipy import stats
from skimage.feature import graycomatrix, graycoprops

from crosscontrast.synthesis.ablation.features import concordance
from crosscontrast.synthesis.objectives.outcome import OutcomeHead
from crosscontrast.synthesis.objectives.radiomics import (
    COOCCURRENCE,
    FIRST_ORDER,
    LEVELS,
    cooccurrence,
    cooccurrence_matrix,
    first_order,
    offsets,
    radiomics_loss,
)

LEVEL = np.random.default_rng(2).integers(0, LEVELS, (12, 14))
IMAGE = torch.tensor(2 * LEVEL / (LEVELS - 1) - 1, dtype=torch.float64)[None, None]
WHOLE = torch.ones_like(IMAGE)


def test_first_order_statistics_are_those_of_scipy():
    values = IMAGE.flatten().numpy()
    shares = np.bincount(LEVEL.ravel(), minlength=LEVELS) / LEVEL.size
    expected = {
        "mean": values.mean(),
        "deviation": values.std(),
        "skewness": stats.skew(values),
        "kurtosis": stats.kurtosis(values, fisher=False),
        "entropy": stats.entropy(shares, base=2),
        "uniformity": (shares**2).sum(),
    }
    found = dict(zip(FIRST_ORDER, first_order(IMAGE, WHOLE)[0].tolist(), strict=True))
    assert found == pytest.approx(expected, rel=1e-4)


def test_the_cooccurrence_matrix_and_its_statistics_are_those_of_scikit_image():
    """Its four angles at pixel distance 1 are our four directions."""
    hard = graycomatrix(LEVEL.astype(np.uint8), [1], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], LEVELS, symmetric=True)
    merged = hard.sum(3, keepdims=True).astype(float)
    merged /= merged.sum()
    np.testing.assert_allclose(cooccurrence_matrix(IMAGE, WHOLE)[0].numpy(), merged[:, :, 0, 0], atol=1e-9)
    found = dict(zip(COOCCURRENCE, cooccurrence(IMAGE, WHOLE)[0].tolist(), strict=True))
    for ours, theirs in (("contrast", "contrast"), ("correlation", "correlation"), ("joint_energy", "ASM")):
        assert found[ours] == pytest.approx(graycoprops(merged, theirs)[0, 0], rel=1e-5)


def test_pairs_that_leave_the_mask_do_not_count():
    mask = WHOLE.clone()
    mask[..., 6:] = 0
    changed = IMAGE.clone()
    changed[..., 6:] = 1
    torch.testing.assert_close(cooccurrence(IMAGE, mask), cooccurrence(changed, mask))
    torch.testing.assert_close(first_order(IMAGE, mask), first_order(changed, mask))


def test_there_are_four_directions_in_slices_and_thirteen_in_volumes():
    assert (len(list(offsets(2))), len(list(offsets(3)))) == (4, 13)


def test_statistics_of_volumes_do_not_depend_on_which_way_they_are_turned():
    volume = torch.rand((1, 1, 6, 7, 8), dtype=torch.float64) * 2 - 1
    turned = volume.permute(0, 1, 4, 2, 3).flip(2)
    torch.testing.assert_close(cooccurrence(volume, volume * 0 + 1), cooccurrence(turned, turned * 0 + 1))


def test_descending_the_loss_gives_a_flat_image_the_target_s_texture():
    generator = torch.Generator().manual_seed(0)
    target = (torch.rand((1, 1, 16, 16), generator=generator) - 0.5) * 1.2
    answer = (0.1 * torch.rand((1, 1, 16, 16), generator=generator)).requires_grad_()
    mask = torch.ones_like(target)
    start = float(radiomics_loss(answer, target, mask).detach())
    optimiser = torch.optim.Adam([answer], 0.03)
    for _ in range(120):
        optimiser.zero_grad()
        radiomics_loss(answer, target, mask).backward()
        optimiser.step()
    assert float(radiomics_loss(answer, target, mask).detach()) < 0.2 * start
    assert float(radiomics_loss(target, target, mask)) == pytest.approx(0, abs=1e-6)


def test_a_patch_with_hardly_any_mask_says_nothing():
    answer = torch.rand((1, 1, 8, 8), requires_grad=True)
    loss = radiomics_loss(answer, answer.detach() * 0, torch.zeros_like(answer))
    loss.backward()
    assert float(loss.detach()) == 0
    assert float(answer.grad.abs().sum()) == 0


def test_only_samples_with_a_label_teach_the_outcome():
    head = OutcomeHead(2, 4)
    images, mask = torch.rand(3, 1, 8, 8), torch.ones(3, 1, 8, 8)
    all_known = head.loss(images[:2], mask[:2], torch.tensor([0.0, 1.0]))
    one_more = head.loss(images, mask, torch.tensor([0.0, 1.0, float("nan")]))
    torch.testing.assert_close(all_known, one_more)
    assert float(head.loss(images, mask, torch.full((3,), float("nan")))) == 0


def test_concordance_is_lowered_by_bias_where_correlation_is_not():
    """Lin 1989: with equal deviations s and a shift d it is 1 / (1 + d² / (2 s²))."""
    values = np.array([1.0, 2, 3, 4])
    assert concordance(values, values) == pytest.approx(1)
    assert concordance(values, values + 1) == pytest.approx(1 / (1 + 1 / (2 * values.var())))
