"""Our training loop against a plain PyTorch loop with MONAI's CacheDataset: the same networks, losses and machine.

    .venv/bin/python Testing/benchmarks/bench_synth.py [--networks all] [--steps 30] [--size 32] [--repeats 3]

Both loops train the same objective at the same batch and patch size; they differ in how samples come (ours: drawn from
volumes in memory, step by step reproducible; theirs: CacheDataset with RandCropByPosNegLabeld through MONAI's
DataLoader) and in what stands around the step (ours: lightning-fabric, gradient clipping, moving average, log). Seconds
waiting for data are those between asking for a batch and having it. The loops take turns, ``--repeats`` times, so that
what else the machine does hits both; rates are medians, the ratio is the median of the turns' with their range.
"""

import argparse
import os
import platform
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from crosscontrast.synthesis.objectives.base import build_objective
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE, NAMES
from crosscontrast.synthesis.phantom.write import write_phantoms
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.synthesis.training.translator import Preparation
from crosscontrast.training.log import read_log
from crosscontrast.training.loop import run


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="all")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--subjects", type=int, default=8)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    names = NAMES if options.networks == "all" else options.networks.split(",")
    print(f"{options.repeats} times {options.steps} steps, {options.size} voxels a side,"
          f" {options.threads} thread(s), {platform.machine()}\n")  # fmt: skip
    print("| network | ours, samples/s | waiting | plain loop, samples/s | waiting | ours / plain (range) |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        table = write_phantoms("prostate", Path(folder) / "c", subjects=options.subjects, size=options.size)
        for name in names:
            config = TrainingConfig(
                network=name, cohort=table, source="us", target="t2w", steps=options.steps, log_steps=options.steps,
                validation_steps=0, checkpoint_minutes=1e6,
            )  # fmt: skip
            preparation = Preparation(config)
            turns = [
                (ours(preparation, Path(folder) / f"{name}-{turn}"), plain(preparation))
                for turn in range(options.repeats)
            ]
            print(row(name, config.steps * preparation.cutting.batch, np.array(turns)), flush=True)


def row(name: str, samples: int, turns: np.ndarray) -> str:
    """Return the table's line from seconds (turn, loop, spent or of these waited)."""
    spent, waited = turns[:, :, 0], turns[:, :, 1]
    rates, waiting = np.median(samples / spent, axis=0), 100 * waited.sum(0) / spent.sum(0)
    ratios = spent[:, 1] / spent[:, 0]
    ratio = f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})"
    return f"| {name} | {rates[0]:.1f} | {waiting[0]:.1f} % | {rates[1]:.1f} | {waiting[1]:.1f} % | {ratio} |"


def ours(preparation: Preparation, folder: Path) -> tuple[float, float]:
    """Seconds that our loop's steps took, and those of them that it waited for data."""
    task = preparation.task(folder)
    silent = replace(task, measure=lambda *_: {})
    state = run(lambda: silent, preparation.config, folder)
    waiting = [float(row["value"]) for row in read_log(folder) if row["name"] == "waiting_s"]
    return 60 * state.minutes, waiting[-1] * preparation.config.steps


def plain(preparation: Preparation) -> tuple[float, float]:
    """The same for a plain loop."""
    config, objective = preparation.config, build_objective(preparation.design).train()
    optimisers = {}
    for player in objective.players:
        for part in objective.modules():
            part.requires_grad_(True)
        values = [v for part in objective.parts(player) for v in part.parameters()]
        optimisers[player] = torch.optim.AdamW(values, config.learning_rate)
    batches = endless(cached(preparation))
    started, waited = time.perf_counter(), 0.0
    for _ in range(config.steps):
        asked = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - asked
        for player, optimiser in optimisers.items():
            optimiser.zero_grad(set_to_none=True)
            torch.stack(list(objective(player, batch).values())).sum().backward()
            optimiser.step()
            objective.after_step(player)
    return time.perf_counter() - started, waited


def cached(preparation: Preparation):
    """MONAI's way to such samples: cached volumes, random crops around the mask, slices as crops of depth one."""
    from monai.data import CacheDataset, DataLoader
    from monai.transforms import Compose, RandCropByPosNegLabeld, RandFlipd

    keys = ["source", "target", "mask"]
    slices = CATALOGUE[preparation.config.network].dims == 2
    size = (1, *preparation.cutting.size) if slices else preparation.cutting.size
    crop = RandCropByPosNegLabeld(keys, "mask", size, pos=1, neg=0, num_samples=1, allow_smaller=True)
    cases = [{"source": c.source, "target": c.target, "mask": c.mask} for c in preparation.train]
    dataset = CacheDataset(cases, Compose([crop, RandFlipd(keys, 0.5, spatial_axis=-1)]), progress=False)
    return DataLoader(dataset, batch_size=preparation.cutting.batch, shuffle=True, drop_last=True), slices


def endless(loader_and_slices):
    """Yield its batches again and again, as plain tensors."""
    loader, slices = loader_and_slices
    while True:
        for batch in loader:
            found = {key: batch[key].as_tensor() for key in ("source", "target", "mask")}
            cut = {key: value[:, :, 0] if slices else value for key, value in found.items()}
            everywhere = torch.ones_like(cut["mask"])
            yield cut | {"target_mask": cut["mask"], "measured": everywhere, "target_measured": everywhere}


if __name__ == "__main__":
    main()
