"""A learner that trains in milliseconds: a small network with dropout, alone or against an adversary."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from crosscontrast.ground.seeds import seed_of
from crosscontrast.training.learner import Learner, Task
from crosscontrast.training.loop import run
from crosscontrast.training.settings import RunSettings


class Fit(Learner):
    """Fits a line; with an adversary, which learns to tell answers from the truth. ``lost`` players' losses are NaN."""

    def __init__(self, players=("network",), lost=lambda player, number: False, before=lambda number: None):
        super().__init__()
        self.players, self.lost, self.before = players, lost, before
        self.network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1))
        self.adversary = nn.Linear(1, 1) if "adversary" in players else None

    def parts(self, player):
        return [getattr(self, player)]

    def forward(self, player, batch):
        number, x, y = batch
        self.before(int(number))
        answer = self.network(x)
        factor = float("nan") if self.lost(player, int(number)) else 1.0
        if player == "adversary":
            score = self.adversary(torch.cat([answer.detach(), y]))
            real = torch.cat([torch.zeros_like(y), torch.ones_like(y)])
            return {"told": factor * functional.binary_cross_entropy_with_logits(score, real)}
        losses = {"mse": factor * functional.mse_loss(answer, y)}
        if self.adversary is not None:
            losses["deceive"] = -0.1 * self.adversary(answer).mean()
        return losses


def batches(step, rank, device):
    while True:
        generator = torch.Generator().manual_seed(seed_of(5, rank, step))
        x = torch.randn(16, 2, generator=generator)
        yield torch.tensor(step), x, x @ torch.tensor([[1.0], [-2.0]])
        step += 1


@pytest.fixture
def fit(tmp_path):
    """Trains the small learner in a folder below ``tmp_path``; returns the state."""

    def train(name="run", *, players=("network",), resume=False, lost=None, before=None, **more):
        given = {"steps": 12, "log_steps": 1, "learning_rate": 0.02, "checkpoint_minutes": 60.0}
        how = {key: more.pop(key) for key in ("progress", "max_minutes") if key in more}
        hooks = {key: value for key, value in (("lost", lost), ("before", before)) if value}

        def measure(average, step):
            return {"validation/bias": float(average["network"][-1].bias.detach())}

        def make():
            return Task(Fit(players, **hooks), ("network",), batches, measure)

        return run(make, RunSettings(**given | more), tmp_path / name, resume=resume, **how)

    return train
