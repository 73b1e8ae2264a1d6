import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscontrast.cord.teaching.losses import LOSSES, adaptive_wing, area, dice, mixture

SHAPE = (2, 2, 4, 6, 8)


@pytest.fixture
def target() -> torch.Tensor:
    return torch.rand(SHAPE, generator=torch.Generator().manual_seed(0)) * 0.98 + 0.01


@pytest.mark.parametrize("name", LOSSES)
def test_the_soft_target_itself_is_the_best_answer(name: str, target: torch.Tensor):
    weight = torch.ones(SHAPE)
    right = LOSSES[name](torch.logit(target), target, weight)
    assert right.shape == (2, 2)
    for error in (-1.0, -0.1, 0.1, 1.0):
        assert (LOSSES[name](torch.logit(target) + error, target, weight) > right).all()
    if name != "bce":  # cross-entropy keeps the target's own entropy
        assert float(right.abs().max()) < 1e-5


@pytest.mark.parametrize("name", LOSSES)
def test_voxels_of_weight_zero_have_no_say(name: str, target: torch.Tensor):
    logits, weight = torch.zeros(SHAPE, requires_grad=True), torch.ones(SHAPE)
    weight[..., :4] = 0
    LOSSES[name](logits, target, weight).sum().backward()
    assert logits.grad is not None
    assert float(logits.grad[..., :4].abs().max()) == 0
    assert float(logits.grad[..., 4:].abs().min()) > 0


@settings(max_examples=40, deadline=None)
@given(truth=st.floats(0, 1), answer=st.floats(0.01, 0.99))
def test_adaptive_wing_has_the_published_form_and_no_step_where_its_parts_meet(truth: float, answer: float):
    theta, omega, alpha, epsilon = 0.5, 8.0, 2.1, 1.0
    error, power = abs(answer - truth), alpha - truth
    slope = omega / (1 + (theta / epsilon) ** power) * power * (theta / epsilon) ** (power - 1) / epsilon
    offset = theta * slope - omega * np.log(1 + (theta / epsilon) ** power)
    expected = omega * np.log(1 + (error / epsilon) ** power) if error < theta else slope * error - offset

    def volume(value: float) -> torch.Tensor:
        return torch.full((1, 1, 2, 2, 2), value, dtype=torch.float64)

    assert float(adaptive_wing(torch.logit(volume(answer)), volume(truth), volume(1.0))) == pytest.approx(
        expected, rel=1e-5
    )
    assert slope * theta - offset == pytest.approx(omega * np.log(1 + (theta / epsilon) ** power))


def test_area_is_the_error_relative_to_it_in_slices_that_show_any():
    target = torch.zeros(1, 1, 3, 20, 20)
    target[0, 0, 0, :8, :10] = 1  # 80 voxels, of which 40 are found; a second slice has none, a third is not known
    target[0, 0, 2, :8, :10] = 1
    found = target.clone()
    found[0, 0, 0, :4] = 0
    weight = torch.ones_like(target)
    weight[0, 0, 2] = 0
    logits = 200 * (found - 0.5)
    assert float(area(logits, target, weight)) == pytest.approx(40 / (80 + 20), rel=1e-5)


def test_dice_in_an_empty_patch_asks_for_nothing():
    empty = torch.zeros(1, 1, 8, 8, 8)
    assert float(dice(empty - 20, empty, empty + 1)) == pytest.approx(0, abs=1e-6)
    assert float(dice(empty + 20, empty, empty + 1)) > 0.9


def test_a_mixture_weighs_losses_and_outputs(target: torch.Tensor):
    weight, logits = torch.ones(SHAPE), torch.zeros(SHAPE)
    expected = sum(
        share * LOSSES[name](logits, target, weight).mean(0) @ torch.tensor([1.0, 0.5])
        for name, share in (("bce", 10.0), ("mse", 2.0))
    )
    assert float(mixture({"bce": 10.0, "mse": 2.0}, (1.0, 0.5))(logits, target, weight)) == pytest.approx(
        float(expected)
    )


def test_deep_supervision_halves_the_say_of_each_coarser_output(target: torch.Tensor):
    loss, weight = mixture({"mse": 1.0}, (1.0, 1.0)), torch.ones(SHAPE)
    coarse = torch.nn.functional.avg_pool3d(target, 2)
    fine_wrong = loss([torch.zeros(SHAPE), torch.logit(coarse)], target, weight)
    both_right = loss([torch.logit(target), torch.logit(coarse)], target, weight)
    assert float(both_right) < 1e-8
    assert float(fine_wrong) == pytest.approx(float(loss(torch.zeros(SHAPE), target, weight)) / 1.5, rel=1e-5)
