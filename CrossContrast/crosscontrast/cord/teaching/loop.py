"""The training loop, on one device or several processes started by ``torchrun``."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from crosscontrast.cord.teaching import state as states
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.evaluate import evaluate, held_out
from crosscontrast.cord.teaching.log import Log, save_pictures
from crosscontrast.cord.teaching.losses import mixture
from crosscontrast.cord.teaching.state import State
from crosscontrast.cord.teaching.stream import Batch, seed_of, stream
from crosscontrast.errors import ModelError
from crosscontrast.ground.files import atomic_write
from crosscontrast.progress import Progress, in_words, silent

CONFIG = "config.json"
LOG_EVERY = 50
#: Seconds between two words about the progress.
_TELL_EVERY = 1.0
#: After this many steps in a row whose gradients are no numbers, a training gives up.
_HOPELESS = 50


def train(
    config: TrainingConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> State:
    """Train until ``config.steps`` or for ``max_minutes`` of this call, whichever comes first; return the state.

    Writes ``config.json``, ``checkpoint.pt``, ``log.csv`` and pictures to ``folder``. Under ``torchrun`` every process
    takes its own batches, gradients are averaged and the first process writes. A resumed run continues as an
    uninterrupted one would: bit by bit on a CPU with the same number of processes.
    """
    device = torch.device(device)
    # Few shapes come, many times each, so trying algorithms out pays; the fastest need not repeat bit by bit.
    torch.backends.cudnn.benchmark = device.type == "cuda"
    with _processes(device) as (rank, world):
        folder.mkdir(parents=True, exist_ok=True)
        state = states.create(config, device)
        if resume:
            states.load(state, folder, device)
        run = _Run(config, folder, state, device, rank, world)
        run.go(max_minutes, progress)
    return state


@contextmanager
def _processes(device: torch.device) -> Iterator[tuple[int, int]]:
    """Join the processes of ``torchrun``, if it started us; yield rank and their number."""
    if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield 0, 1
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield distributed.get_rank(), distributed.get_world_size()
    finally:
        distributed.destroy_process_group()


def half_precision(config: TrainingConfig, device: torch.device) -> torch.dtype | None:
    """Return the type that convolutions compute in on ``device``, or None where full precision is the faster one.

    A processor without instructions for bfloat16 takes fifty times as long for a step in it, and none has any for fp16.
    """
    if config.precision == "bf16":
        capable = device.type != "cpu" or torch.backends.cpu.get_cpu_capability().startswith(("AVX512", "AMX", "SVE"))
        return torch.bfloat16 if capable else None
    return torch.float16 if config.precision == "fp16" and device.type == "cuda" else None


class _Run:
    """One call of :func:`train`."""

    def __init__(
        self, config: TrainingConfig, folder: Path, state: State, device: torch.device, rank: int, world: int
    ) -> None:
        self.config, self.folder, self.state, self.device = config, folder, state, device
        self.rank, self.world, self.first = rank, world, rank == 0
        self.model: nn.Module = DistributedDataParallel(state.network) if world > 1 else state.network
        self.loss = mixture(config.losses, config.output_weights)
        self.half = half_precision(config, device)
        self.skipped = 0
        if self.first:
            self.log, self.samples = Log(folder), held_out(config, device)
            with atomic_write(folder / CONFIG) as path:
                path.write_text(config.model_dump_json(indent=2))

    def go(self, max_minutes: float | None, progress: Progress) -> None:
        """Take the steps; log, evaluate and save on the way and at the end."""
        config, state = self.config, self.state
        started, before = time.monotonic(), state.minutes
        saved = evaluated = told = started
        first = state.step
        batches = stream(config, state.step, self.rank, self.device)
        losses, generating, learning = [], 0.0, 0.0
        while state.step < config.steps:
            now = time.monotonic()
            if max_minutes is not None and self._agree(now - started > 60 * max_minutes):
                break
            batch = next(batches)
            made = time.monotonic()
            losses.append(self._step(batch))
            generating, learning = generating + made - now, learning + time.monotonic() - made
            now = time.monotonic()
            state.minutes = before + (now - started) / 60
            if self.first and now - told > _TELL_EVERY:
                rest = (config.steps - state.step) * (now - started) / (state.step - first)
                words = f"step {state.step} of {config.steps}, loss {sum(losses) / len(losses):.3f}"
                progress(state.step, config.steps, f"{words}, about {in_words(rest)} left")
                told = now
            if state.step % LOG_EVERY == 0 and self.first:
                values = {"loss": sum(losses) / len(losses), "learning_rate": states.learning_rate(config, state.step)}
                values |= {"generate_s": generating / len(losses), "learn_s": learning / len(losses)}
                self.log.write(state.step, state.minutes, values)
                losses, generating, learning = [], 0.0, 0.0
            if self.first and now - evaluated > 60 * config.validation_minutes:
                self._evaluate()
                evaluated = time.monotonic()
            if self.first and now - saved > 60 * config.checkpoint_minutes:
                states.save(state, config, self.folder)
                saved = now
        if self.first:
            states.save(state, config, self.folder)
            self._evaluate()

    def _agree(self, stop: bool) -> bool:
        """Let the first process decide for all; asked at every sixteenth step only, as asking costs a round trip."""
        if self.world == 1:
            return stop
        if self.state.step % 16:
            return False
        flag = torch.tensor([float(stop)], device=self.device)
        distributed.broadcast(flag, 0)
        return bool(flag.item())

    def _step(self, batch: Batch) -> float:
        """Learn from one batch, unless its gradients are no numbers.

        In bfloat16 on a CPU that was seen, at random, within the first hundred steps, and one such step destroys the
        network. Gradients are averaged over the processes, so all of them leave out the same steps.
        """
        config, state = self.config, self.state
        torch.manual_seed(seed_of(config.seed, state.step, self.rank))  # dropout continues where it stopped
        image, target, weight = batch
        image = image.contiguous(memory_format=torch.channels_last_3d)
        for group in state.optimiser.param_groups:
            group["lr"] = states.learning_rate(config, state.step)
        self.model.train()
        with torch.autocast(self.device.type, self.half, enabled=self.half is not None):
            outputs = self.model(image)
        loss = self.loss(outputs, target, weight)
        state.optimiser.zero_grad(set_to_none=True)
        state.scaler.scale(loss).backward()
        state.scaler.unscale_(state.optimiser)
        norm = nn.utils.clip_grad_norm_(state.network.parameters(), config.clip)
        if torch.isfinite(norm):
            self.skipped = 0
            state.scaler.step(state.optimiser)
            states.update_average(state, config.ema)
        else:
            self.skipped += 1
            if self.skipped == _HOPELESS:
                hint = 'lower "learning_rate", or set "precision" to "full"'
                raise ModelError(f"The training's gradients are no numbers for {_HOPELESS} steps in a row.", hint)
        state.scaler.update()
        state.step += 1
        return float(loss.detach())

    def _evaluate(self) -> None:
        """Measure the moving average on the held-out set and draw it."""
        scores = evaluate(self.state.average, self.samples)
        self.log.write(
            self.state.step, self.state.minutes, {f"held_out/{name}": value for name, value in scores.items()}
        )
        save_pictures(self.state.average, self.samples[:10], self.folder / f"pictures_{self.state.step:06d}.png")
