"""What was not measured counts in the loss of no translator, whatever stands there."""

import numpy as np
import pytest
import torch

from crosscontrast.synthesis.objectives.base import Design, build_objective, ssim_loss, weigh
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE, NAMES
from crosscontrast.synthesis.training.cases import Case, fit_linear, fit_moments, fit_scale
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.synthesis.training.patches import Cutting, Patches


def half_case(dims: int, hole: float, seed: int = 0) -> Case:
    """A subject whose target ends in the middle, and holds ``hole`` beyond."""
    shape = (16, 16, 16) if dims == 3 else (4, 16, 16)
    random = torch.Generator().manual_seed(seed)
    source = torch.rand(1, *shape, generator=random) * 2 - 1
    target = 0.5 * source + 0.2
    measured = torch.zeros_like(source)
    measured[..., :8] = 1
    target[measured == 0] = hole
    return Case("sub-001", source, target, measured, measured=measured)


def turns(network: str, hole: float) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """Every player's losses in one step, and the gradient of the generator's turn."""
    entry = CATALOGUE[network]
    torch.manual_seed(0)
    extra = {"radiomics": 1.0, "outcome": 1.0} if entry.paired else {"residual": (0.5, 0.2)}
    objective = build_objective(Design(network, entry.dims, width=4, dropout=0.0, **extra))
    cutting = Cutting((16,) * entry.dims, 2, paired=entry.paired)
    batch = Patches([half_case(entry.dims, hole)], cutting, 0, 0)[0]
    batch["label"] = torch.tensor([0.0, 1.0])
    losses, gradients = {}, {}
    for player in objective.players:
        torch.manual_seed(1)
        found = objective(player, batch)
        if player == "generator":
            sum(found.values()).backward(retain_graph=True)
            gradients = {n: p.grad.clone() for n, p in objective.named_parameters() if p.grad is not None}
        losses |= {f"{player} {name}": float(value) for name, value in found.items()}
    return losses, gradients


@pytest.mark.parametrize("network", NAMES)
def test_the_loss_does_not_depend_on_what_stands_where_nothing_was_measured(network):
    one, other = turns(network, -1.0), turns(network, 0.9)
    assert one[0] == other[0]
    assert all(np.isfinite(value) for value in one[0].values())
    assert one[1].keys() == other[1].keys()
    for name, gradient in one[1].items():
        torch.testing.assert_close(gradient, other[1][name], rtol=0, atol=0)


@pytest.mark.parametrize("network", [name for name in NAMES if CATALOGUE[name].paired and name != "bridge2d"])
def test_a_perfect_answer_where_the_target_was_measured_has_no_error_left(network):
    """Beyond the target's end the answer is free; the discriminator aside nothing pulls at it there."""
    entry = CATALOGUE[network]
    objective = build_objective(Design(network, entry.dims, width=4, dropout=0.0))
    batch = Patches([half_case(entry.dims, -1.0)], Cutting((16,) * entry.dims, 1, flips=False), 0, 0)[0]
    answer = (0.5 * batch["source"] + 0.2 + 0.7 * (batch["measured"] == 0)).requires_grad_()
    objective.generator.mapped = lambda source: answer
    losses = objective("generator", batch)
    regression = sum(value for name, value in losses.items() if name in ("l1", "mse", "anatomy"))
    assert float(regression) == pytest.approx(0, abs=1e-6)
    sum(losses.values()).backward()
    assert (answer.grad[batch["measured"] == 0] == 0).all()


def test_weights_are_what_they_were_where_everything_was_measured():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:5] = 1
    weight = 0.2 + 0.8 * mask
    torch.testing.assert_close(weigh(mask, torch.ones_like(mask)), weight / weight.mean(), rtol=0, atol=0)
    measured = torch.zeros_like(mask)
    assert (weigh(mask, measured) == 0).all()
    measured[..., :4] = 1
    assert float(weigh(mask, measured).mean()) == pytest.approx(1)


def test_windows_of_ssim_that_reach_beyond_do_not_count():
    one = torch.rand(1, 1, 16, 16, 16)
    measured = torch.ones_like(one)
    measured[..., 10:] = 0
    other = torch.where(measured > 0, one, -1.0)
    assert float(ssim_loss(one, other, measured)) == pytest.approx(0, abs=1e-6)
    assert float(ssim_loss(one, other, torch.ones_like(one))) > 0.1


def test_range_line_and_moments_are_fitted_to_what_was_measured():
    cases = [half_case(3, hole) for hole in (50.0, -70.0)]
    config = TrainingConfig(network="unet3d", cohort="c.tsv", source="us", target="t2w", width=4)
    low, high = fit_scale(config, cases, "t2w").range
    assert (low, high) == (pytest.approx(-0.3, abs=0.02), pytest.approx(0.7, abs=0.02))
    assert fit_linear(cases) == (pytest.approx(0.5, abs=1e-4), pytest.approx(0.2, abs=1e-4))
    assert fit_moments(cases) == (pytest.approx(0.5, abs=1e-3), pytest.approx(0.2, abs=1e-3))
