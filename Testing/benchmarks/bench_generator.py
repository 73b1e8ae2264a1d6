"""How long a training patch takes to generate, and its share of a training step: ``python bench_generator.py [cuda]``.

CPU times are processor time on one thread, so that a busy machine does not change them.
"""

import sys
import time
from collections.abc import Callable

import torch

from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.appearance import draw_sample
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.loop import mixture
from crosscontrast.cord.teaching.state import create
from crosscontrast.cord.teaching.stream import generate_group

REPEATS = 12


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Return the time of one call, after a first one that does not count."""
    work()
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = clock()
    for _ in range(REPEATS):
        work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (clock() - start) / REPEATS


def main() -> None:
    torch.set_num_threads(1)
    device = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    config = TrainingConfig()
    grid, draw = Grid(config.patches[0], device=device), Draw(1, device)
    body = seconds(lambda: draw_anatomy(grid, draw), device)
    anatomy = draw_anatomy(grid, draw)
    look = seconds(lambda: draw_sample(anatomy, grid, draw), device)
    patch = body / config.appearances + look

    state, loss = create(config, device), mixture(config.losses, config.output_weights)
    single = config.model_copy(update={"patches": (config.patches[0],), "geometries": config.batch, "appearances": 1})
    image, target, weight = (part.to(device) for part in generate_group(single, 0, device=device)[0])
    step = seconds(lambda: loss(state.network(image), target, weight).backward(), device)
    print(f"{config.patches[0]} on {device}: body {1e3 * body:.0f} ms, image {1e3 * look:.0f} ms", end="; ")
    print(f"patch {1e3 * patch:.0f} ms at {config.appearances} images per body", end="; ")
    print(f"learning {1e3 * step / config.batch:.0f} ms per patch", end="; ")
    print(f"the generator takes {100 * patch / (patch + step / config.batch):.0f} % of a step")


if __name__ == "__main__":
    main()
