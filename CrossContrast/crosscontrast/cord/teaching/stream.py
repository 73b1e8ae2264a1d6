"""An endless, reproducible stream of generated batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.appearance import Sample, draw_sample
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.estimate import with_relative
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.labelmaps import Tracing, read_tracings
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.real import Case, draw_real_sample, read_cases
from crosscontrast.ground.files import atomic_write, make_folder
from crosscontrast.ground.seeds import seed_of
from crosscontrast.training.interruption import ignore_interrupts

Batch = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Sources:
    """What bodies come from besides the generator's own shapes: traced outlines, and real images with masks."""

    tracings: Sequence[Tracing] = ()
    cases: Sequence[Case] = ()


def read_sources(config: TrainingConfig) -> Sources:
    """Read the label maps and the cohort that the configuration names."""
    return Sources(
        read_tracings(config.label_maps) if config.label_maps else (),
        read_cases(config.cohort) if config.cohort else (),
    )


def generate_group(
    config: TrainingConfig,
    group: int,
    rank: int = 0,
    device: torch.device | str = "cpu",
    sources: Sources | None = None,
) -> list[Batch]:
    """Return the batches of group number ``group``: its bodies in their contrasts.

    All ranks draw the same patch shape, so that none waits for another; each draws its own bodies. A batch never shows
    one body twice.
    """
    shape = config.patches[Draw(seed_of(config.seed, group)).pick(range(len(config.patches)))]
    grid, sources = Grid(shape, device=device), sources or Sources()
    rows: list[list[Sample]] = []
    for body in range(config.geometries):
        draw = Draw(seed_of(config.seed, group, rank, body), device)
        if sources.cases and draw.chance(config.real_share):
            case = draw.pick(sources.cases)
            look = partial(draw_real_sample, case, grid, draw, config.augmentation, centred=config.centred)
        else:
            anatomy = draw_anatomy(
                grid, draw, sources.tracings, centred=config.centred, wide=config.wide, narrow=config.narrow
            )
            look = partial(draw_sample, anatomy, grid, draw, wide=config.wide, slabs=config.slabs)
        rows.append([look() for _ in range(config.appearances)])
        if config.relative:
            rows[-1] = [with_relative(sample, grid, draw, config.reaches) for sample in rows[-1]]
    samples = [rows[body][look] for look in range(config.appearances) for body in range(config.geometries)]
    return [_stack(samples[start : start + config.batch]) for start in range(0, len(samples), config.batch)]


def kept_group(
    config: TrainingConfig, group: int, rank: int, device: torch.device | str, sources: Sources
) -> list[Batch]:
    """Return :func:`generate_group`, from the folder ``config.store`` where it is kept, in half precision."""
    if config.store is None:
        return generate_group(config, group, rank, device, sources)
    path = config.store / f"{seed_of(config.seed, rank)}-{group:06d}.pt"
    if not path.exists():
        batches = generate_group(config, group, rank, device, sources)
        make_folder(config.store)
        with atomic_write(path) as temporary:
            torch.save([[part.cpu().half() for part in batch] for batch in batches], temporary)
    kept = torch.load(path, map_location=device, weights_only=True)
    return [(image.float(), target.float(), weight.float()) for image, target, weight in kept]


def _stack(samples: list[Sample]) -> Batch:
    return (
        torch.stack([s.image for s in samples]),
        torch.stack([s.target for s in samples]),
        torch.stack([s.weight for s in samples]),
    )


class _Groups(IterableDataset[list[Batch]]):
    def __init__(self, config: TrainingConfig, first: int, rank: int, device: torch.device | str) -> None:
        self.config, self.first, self.rank, self.device = config, first, rank, device
        self.sources = read_sources(config)

    def __iter__(self) -> Iterator[list[Batch]]:
        worker = get_worker_info()
        group, stride = self.first + (worker.id if worker else 0), worker.num_workers if worker else 1
        while True:
            number = group % self.config.groups if self.config.groups else group
            yield kept_group(self.config, number, self.rank, self.device, self.sources)
            group += stride


def stream(config: TrainingConfig, step: int, rank: int, device: torch.device) -> Iterator[Batch]:
    """Yield the batches (image, target, weight) of step ``step`` and after; the same for any number of workers.

    They lie on ``device``, which may be a GPU; without workers they are made there too.
    """
    first, skip = divmod(step, config.steps_per_group)
    source = "cpu" if config.workers else device
    groups = DataLoader(
        _Groups(config, first, rank, source),
        batch_size=None,
        num_workers=config.workers,
        worker_init_fn=ignore_interrupts,
        pin_memory=device.type == "cuda" and config.workers > 0,
    )
    for batches in groups:
        for number in range(skip, config.steps_per_group):
            echo, place = divmod(number, len(batches))
            image, target, weight = (part.to(device, non_blocking=True) for part in batches[place])
            # Left and right are alike in this anatomy, so a mirrored body is as true.
            yield (image.flip(-1), target.flip(-1), weight.flip(-1)) if echo % 2 else (image, target, weight)
        skip = 0
