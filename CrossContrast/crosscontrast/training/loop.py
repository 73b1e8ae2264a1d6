"""The training loop, on one device or on all that ``torchrun`` starts."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from crosscontrast.errors import BadInputError, CancelledError
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.seeds import seed_of
from crosscontrast.progress import Progress, in_words, silent
from crosscontrast.training.hardware import half_precision, open_fabric
from crosscontrast.training.interruption import Interruption
from crosscontrast.training.learner import Task
from crosscontrast.training.log import Log
from crosscontrast.training.settings import CONFIG, RunSettings
from crosscontrast.training.state import State, averages

#: Seconds between two words about the progress, unless the log has a new line.
_TELL_EVERY = 1.0
#: After this many steps in a row whose gradients are NaN or infinite, a training gives up.
_HOPELESS = 50


def run(
    make: Callable[[], Task],
    settings: RunSettings,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> State:
    """Train until ``settings.steps`` or for ``max_minutes`` of this call, whichever comes first; return the state.

    ``make`` builds what is trained; its first weights follow from the seed. Writes ``config.json``, ``checkpoint.pt``,
    ``log.csv`` and what the task draws to ``folder``. Under ``torchrun`` every process takes its own batches, gradients
    are averaged and the first process writes. A resumed training continues as an uninterrupted one would, bit by bit on
    the same hardware and number of processes.

    Raises :class:`CancelledError` where Ctrl-C, the end of the process or ``progress`` stopped it, after keeping what
    was learnt; and :class:`BadInputError` where there is nothing to resume or no gradient is usable any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    task = make()
    fabric = open_fabric(torch.device(device), len(task.learner.players))
    fabric.launch()
    loop = _Loop(task, settings, folder, fabric, resume)
    with Interruption() as interruption:
        try:
            loop.go(max_minutes, progress, interruption)
        except (KeyboardInterrupt, CancelledError) as error:
            if not interruption.between_steps:
                raise
            loop.save()
            raise CancelledError(
                f"The training was stopped at step {loop.state.step} of {settings.steps}; {folder} keeps it, and it "
                "can be resumed."
            ) from error
    return loop.state


class _Loop:
    """One call of a training; see :func:`run`."""

    def __init__(self, task: Task, settings: RunSettings, folder: Path, fabric: Fabric, resume: bool) -> None:
        self.task, self.settings, self.folder, self.fabric = task, settings, folder, fabric
        self.half = half_precision(settings.precision, fabric.device)
        self.model = fabric.setup_module(task.learner)
        scaler = torch.amp.GradScaler(fabric.device.type, enabled=self.half is torch.float16)
        optimisers = {player: self._optimiser(player) for player in task.learner.players}
        self.state = State(task.learner, averages(task.learner, task.averaged), optimisers, scaler)
        self.skipped = 0
        self.measured = -1
        self.recent = _Recent()
        if resume:
            self.state.load(folder, fabric.device)
        if fabric.is_global_zero:
            self.log = Log(folder, self.state.step)
            with atomic_write(folder / CONFIG) as path:
                path.write_text(settings.model_dump_json(indent=2), encoding="utf-8")

    def _optimiser(self, player: str) -> torch.optim.Optimizer:
        settings, learner = self.settings, self.task.learner
        values = [value for part in learner.parts(player) for value in part.parameters()]
        # Adversaries follow each other better with a short memory (Radford et al. 2016).
        betas = (0.5, 0.999) if len(learner.players) > 1 else (0.9, 0.999)
        return torch.optim.AdamW(values, settings.learning_rate, betas=betas, weight_decay=settings.weight_decay)

    def go(self, max_minutes: float | None, progress: Progress, interruption: Interruption) -> None:
        """Take the steps; log, measure and save on the way and at the end."""
        settings, state, fabric = self.settings, self.state, self.fabric
        started, before, first = time.monotonic(), state.minutes, state.step
        saved = measured = told = started
        batches = self.task.batches(state.step, fabric.global_rank, fabric.device)
        while state.step < settings.steps:
            asked = time.monotonic()
            if max_minutes is not None and self._agree(asked - started >= 60 * max_minutes):
                break
            batch = fabric.to_device(next(batches))
            made = time.monotonic()
            with interruption.step():
                losses = self._step(batch)
                now = time.monotonic()
                state.minutes = before + (now - started) / 60
                self.recent.add(losses, waiting_s=made - asked, learning_s=now - made)
                logged = state.step % settings.log_steps == 0
                if logged:
                    self._log(self.recent.means() | {"learning_rate": settings.rate(state.step)})
            if logged or now - told > _TELL_EVERY:
                rest = (settings.steps - state.step) * (now - started) / (state.step - first)
                self._tell(progress, in_words(rest))
                told = now
            if logged:
                self.recent = _Recent()
            if self._is_due(now - measured):
                self._measure()
                measured = time.monotonic()
            if now - saved > 60 * settings.checkpoint_minutes and not self.skipped:
                self.save()
                saved = now
        self.save()
        if self.measured != state.step:
            self._measure()

    def _step(self, batch: Any) -> dict[str, float]:
        """Let every player take its turn, and return the losses; gradients that are NaN or infinite teach nothing.

        In bfloat16 on a CPU such were seen, at random, within the first hundred steps, and one such step destroys a
        network; in fp16 they are how the scaler finds its scale. Gradients are averaged over the processes, so all of
        them leave out the same steps.
        """
        state, settings, learner, found = self.state, self.settings, self.task.learner, dict[str, float]()
        torch.manual_seed(seed_of(settings.seed, state.step, self.fabric.global_rank))  # dropout goes on likewise
        self.model.train()
        lost = []
        for player, optimiser in state.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = settings.rate(state.step, self.task.rates.get(player, 1.0))
            with torch.autocast(self.fabric.device.type, self.half, enabled=self.half is not None):
                losses = self.model(player, batch)
            optimiser.zero_grad(set_to_none=True)
            self.fabric.backward(state.scaler.scale(torch.stack(list(losses.values())).sum()))
            state.scaler.unscale_(optimiser)
            values = [value for group in optimiser.param_groups for value in group["params"]]
            if not torch.isfinite(nn.utils.clip_grad_norm_(values, settings.clip)):
                lost.append(player)
                continue
            state.scaler.step(optimiser)
            learner.after_step(player)
            found |= {name: float(value.detach()) for name, value in losses.items()}
        state.scaler.update()
        self._count(lost)
        if len(lost) < len(state.optimisers):
            state.update_average(settings.ema)
        state.step += 1
        return found

    def _count(self, lost: list[str]) -> None:
        """Give up where the steps of some player have been lost for long."""
        self.skipped = self.skipped + 1 if lost else 0
        self.recent.skipped += bool(lost)
        if self.skipped == _HOPELESS:
            raise BadInputError(
                f"The gradients of the {lost[0]} were NaN or infinite for {_HOPELESS} steps in a row, up to step "
                f"{self.state.step + 1}; the last checkpoint in {self.folder} was kept.",
                'lower "learning_rate" or set "precision" to "full", and start again or resume',
            )

    def _agree(self, stop: bool) -> bool:
        """Let the first process decide for all, every sixteenth step, as asking costs a round trip."""
        if self.fabric.world_size == 1:
            return stop
        if self.state.step % 16:
            return False
        return bool(self.fabric.broadcast(stop, src=0))

    def _tell(self, progress: Progress, rest: str) -> None:
        if self.fabric.is_global_zero:
            step, steps, loss = self.state.step, self.settings.steps, self.recent.loss
            words = "" if loss is None else f", loss {loss:.3f}"
            progress(step, steps, f"step {step} of {steps}{words}, about {rest} left")

    def _log(self, values: Mapping[str, float]) -> None:
        if self.fabric.is_global_zero:
            self.log.write(self.state.step, self.state.minutes, values)

    def _is_due(self, seconds: float) -> bool:
        """Tell whether to measure, so many seconds after the last time."""
        settings = self.settings
        by_steps = settings.validation_steps > 0 and self.state.step % settings.validation_steps == 0
        return by_steps or (settings.validation_minutes is not None and seconds > 60 * settings.validation_minutes)

    def _measure(self) -> None:
        self.measured = self.state.step
        if self.fabric.is_global_zero:
            self._log(self.task.measure(self.state.average, self.state.step))

    def save(self) -> None:
        """Write the checkpoint."""
        if self.fabric.is_global_zero:
            self.state.save(self.settings, self.folder)


class _Recent:
    """Losses and times since the last line of the log."""

    def __init__(self) -> None:
        self._losses: dict[str, list[float]] = defaultdict(list)
        self._times: dict[str, list[float]] = defaultdict(list)
        self.skipped = 0

    def add(self, losses: Mapping[str, float], **times: float) -> None:
        """Add a step; losses of players whose turn was left out are not among ``losses``."""
        for found, values in ((self._losses, losses), (self._times, times)):
            for name, value in values.items():
                found[name].append(value)

    @property
    def loss(self) -> float | None:
        """The mean of the sum of all losses, or None where no step was usable."""
        return sum(_mean(values) for values in self._losses.values()) if self._losses else None

    def means(self) -> dict[str, float]:
        """Return the means by name and, where there were any, the number of steps left out."""
        found = {name: _mean(values) for name, values in (self._losses | self._times).items()}
        return found | ({"skipped": float(self.skipped)} if self.skipped else {})


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
