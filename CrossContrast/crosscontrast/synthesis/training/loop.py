"""The training loop, on one device or on all that ``torchrun`` starts."""

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy
from torch import Tensor, nn

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.progress import Progress, silent
from crosscontrast.synthesis.seeds import seed_of
from crosscontrast.synthesis.training.config import CONFIG, RunConfig
from crosscontrast.synthesis.training.log import Log
from crosscontrast.synthesis.training.patches import Patches, stream
from crosscontrast.synthesis.training.state import State, averages


@dataclass(frozen=True)
class Task:
    """What is trained: the objective, its exported networks, the patches of a process, and how it is measured.

    ``measure`` gets the averaged networks and the step, and returns numbers by name; it may write pictures.
    ``rates`` are the players' learning rates relative to the configuration's.
    """

    objective: nn.Module
    exported: tuple[str, ...]
    patches: Callable[[int], Patches]
    measure: Callable[[nn.ModuleDict, int], Mapping[str, float]]
    rates: Mapping[str, float]


class Loop:
    """One call of a training; see :func:`run`."""

    def __init__(self, task: Task, config: RunConfig, folder: Path, fabric: Fabric, resume: bool) -> None:
        self.task, self.config, self.folder, self.fabric = task, config, folder, fabric
        objective: Any = task.objective
        self.model = fabric.setup_module(objective)
        optimisers = {}
        for player in objective.players:
            for part in objective.modules():
                part.requires_grad_(True)
            values = [value for part in objective.parts(player) for value in part.parameters()]
            betas = (0.5, 0.999) if len(objective.players) > 1 else (0.9, 0.999)
            rate = config.learning_rate * task.rates.get(player, 1.0)
            optimiser = torch.optim.AdamW(values, rate, betas=betas, weight_decay=config.weight_decay)
            optimisers[player] = fabric.setup_optimizers(optimiser)
        self.state = State(objective, averages(objective, task.exported), optimisers)
        if resume:
            fabric.strategy.precision.load_state_dict(self.state.load(folder, fabric.device))
        if fabric.is_global_zero:
            self.log = Log(folder, self.state.step)
            with atomic_write(folder / CONFIG) as path:
                path.write_text(config.model_dump_json(indent=2))

    def go(self, max_minutes: float | None, progress: Progress) -> State:
        """Take the steps; log, measure and save on the way and at the end."""
        config, state = self.config, self.state
        started, before = time.monotonic(), state.minutes
        saved, waited, sums, since = started, 0.0, dict[str, float](), 0
        batches = stream(self.task.patches(self.fabric.global_rank), state.step, config.steps, config.workers)
        while state.step < config.steps:
            if max_minutes is not None and self._agree(time.monotonic() - started > 60 * max_minutes):
                break
            asked = time.monotonic()
            batch = self.fabric.to_device(dict(next(batches)))
            waited += time.monotonic() - asked
            for name, value in self._step(batch).items():
                sums[name] = sums.get(name, 0.0) + value
            since += 1
            now = time.monotonic()
            state.minutes = before + (now - started) / 60
            if state.step % config.log_steps == 0:
                values = {name: total / since for name, total in sums.items()}
                self._log(values | {"waiting_s": waited / since})
                progress(state.step, config.steps, f"loss {sum(values.values()):.4f}")
                waited, sums, since = 0.0, {}, 0
            if config.validation_steps and state.step % config.validation_steps == 0:
                self._measure()
            if now - saved > 60 * config.checkpoint_minutes:
                self._save()
                saved = now
        self._save()
        if not config.validation_steps or state.step % config.validation_steps:
            self._measure()
        return state

    def _step(self, batch: Mapping[str, Tensor]) -> dict[str, float]:
        """Let every player take its turn; raises :class:`BadInputError` where a loss is no number any more."""
        state, found = self.state, dict[str, float]()
        torch.manual_seed(seed_of(self.config.seed, state.step, self.fabric.global_rank))  # dropout goes on likewise
        self.model.train()
        share = state.step / self.config.steps
        for player, optimiser in state.optimisers.items():
            rate = self.config.learning_rate * self.task.rates.get(player, 1.0)
            for group in optimiser.param_groups:
                group["lr"] = rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
            losses = self.model(player, batch)
            total = torch.stack(list(losses.values())).sum()
            self._check(float(total.detach()), player)
            optimiser.zero_grad(set_to_none=True)
            self.fabric.backward(total)
            # Mixed precision may overflow in a step, which its scaler then leaves out.
            strict = self.config.precision != "16-mixed"
            try:
                norm = self.config.clip
                self.fabric.clip_gradients(self.model, optimiser, max_norm=norm, error_if_nonfinite=strict)
            except RuntimeError as error:
                if "non-finite" not in str(error):
                    raise
                self._check(math.nan, player)
            optimiser.step()
            state.objective.after_step(player)
            found |= {name: float(value.detach()) for name, value in losses.items()}
        state.update_average(self.config.ema)
        state.step += 1
        return found

    def _check(self, loss: float, player: str) -> None:
        if not math.isfinite(loss):
            raise BadInputError(
                f"The loss of the {player} became {loss} at step {self.state.step + 1}; the last checkpoint in "
                f"{self.folder} was kept.",
                "lower the learning rate and start again or --resume",
            )

    def _agree(self, stop: bool) -> bool:
        """Let the first process decide for all, every sixteenth step, as asking costs a round trip."""
        if self.fabric.world_size == 1:
            return stop
        if self.state.step % 16:
            return False
        return bool(self.fabric.broadcast(stop, src=0))

    def _log(self, values: Mapping[str, float]) -> None:
        if self.fabric.is_global_zero:
            self.log.write(self.state.step, self.state.minutes, values)

    def _measure(self) -> None:
        if self.fabric.is_global_zero:
            found = self.task.measure(self.state.average, self.state.step)
            self._log({f"validation/{name}": value for name, value in found.items()})

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            self.state.save(self.config, self.folder, self.fabric.strategy.precision.state_dict())


def run(
    make: Callable[[], Task],
    config: RunConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> State:
    """Train until ``config.steps`` or for ``max_minutes`` of this call, whichever comes first; return the state.

    Writes ``config.json``, ``checkpoint.pt``, ``log.csv`` and pictures to ``folder``. Under ``torchrun`` every process
    takes its own batches, gradients are averaged and the first process writes. A resumed training continues as an
    uninterrupted one would, bit by bit on the same hardware and number of processes.
    """
    fabric = _fabric(config, torch.device(device))
    fabric.launch()
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    loop = Loop(make(), config, folder, fabric, resume)
    return loop.go(max_minutes, progress)


def _fabric(config: RunConfig, device: torch.device) -> Fabric:
    processes = int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1
    accelerator = {"cuda": "cuda", "mps": "mps"}.get(device.type, "cpu")
    if processes == 1:
        devices: Any = [device.index or 0] if accelerator == "cuda" else 1
        return Fabric(accelerator=accelerator, devices=devices, precision=config.precision)
    local = int(os.environ.get("LOCAL_WORLD_SIZE", processes))
    # In each turn only one player's networks have gradients.
    strategy = DDPStrategy(find_unused_parameters=True)
    return Fabric(
        accelerator=accelerator,
        devices=local,
        num_nodes=processes // local,
        strategy=strategy,
        precision=config.precision,
    )
