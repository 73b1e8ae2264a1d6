"""Batches that follow from seed and step alone, so that a resumed training sees what it would have seen."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from crosscontrast.ground.seeds import seed_of
from crosscontrast.synthesis.training.cases import Case
from crosscontrast.synthesis.training.config import PatchSettings
from crosscontrast.training.interruption import ignore_interrupts

#: What is taken where the user gives no patch, per number of dimensions, and how many patches make a batch.
DEFAULT_PATCH = {2: (96, 96), 3: (48, 48, 48)}
DEFAULT_BATCH = {2: 4, 3: 1}
_SIDES = ("source", "target")


@dataclass(frozen=True)
class Cutting:
    """How patches are cut: their ``size``, ``slice_axes`` (2D only), neighbours, flips, and whether sides pair up."""

    size: tuple[int, ...]
    batch: int
    slice_axes: tuple[int, ...] = (0,)
    neighbours: int = 0
    flips: bool = True
    paired: bool = True


def choose_patch(given: Sequence[int] | None, cases: Sequence[Case], dims: int, divisible: int) -> tuple[int, ...]:
    """Return the patch given, or the usual one shrunk to images that are smaller, as inference shrinks its window."""
    if given is not None:
        return tuple(given)
    extents = [max(case.source.shape[axis] for case in cases) for axis in (1, 2, 3)][-dims:]
    if dims == 2:
        extents = [max(max(case.source.shape[1:]) for case in cases)] * 2
    return tuple(
        min(usual, max(math.ceil(extent / divisible), 2) * divisible)
        for usual, extent in zip(DEFAULT_PATCH[dims], extents, strict=True)
    )


class Patches(Dataset[dict[str, Tensor]]):
    """Batch number ``step`` of a training, for the process ``rank``."""

    def __init__(self, cases: Sequence[Case], cutting: Cutting, seed: int, rank: int) -> None:
        self.cases, self.cutting, self.seed, self.rank = cases, cutting, seed, rank
        # Where a patch may have its centre; to look for that in every step took two fifths of a small batch's time.
        self._inside = [torch.nonzero(case.mask[0] > 0).int() for case in cases]

    def __getitem__(self, step: int) -> dict[str, Tensor]:
        """Return ``source``, ``target``, ``mask``, ``measured``, ``target_mask``, ``target_measured`` and ``label``.

        All are (B, C, ...), the label (B). Unpaired, each side comes from a subject and a place of its own, and so do
        its mask and where it was measured.
        """
        random = np.random.default_rng(seed_of(self.seed, self.rank, step))
        samples = [self._sample(random) for _ in range(self.cutting.batch)]
        return {key: torch.stack([sample[key] for sample in samples]) for key in samples[0]}

    def _sample(self, random: np.random.Generator) -> dict[str, Tensor]:
        axis = int(random.choice(self.cutting.slice_axes))
        first = self._cut(axis, random)
        second = first if self.cutting.paired else self._cut(axis, random)
        others = {f"target_{name}": second[name] for name in ("mask", "measured")}
        return first | others | {"target": second["target"]}

    def _cut(self, axis: int, random: np.random.Generator) -> dict[str, Tensor]:
        """Cut a patch that holds a voxel of a mask, both drawn at random, and mirror it."""
        number = int(random.integers(len(self.cases)))
        case, inside = self.cases[number], self._inside[number]
        centre = inside[int(random.integers(len(inside)))].tolist()
        images = {"source": case.source, "target": case.target, "mask": case.mask, "measured": case.seen}
        if len(self.cutting.size) == 2:
            images = {name: self._slice(image, axis, centre[axis], name) for name, image in images.items()}
            centre = [place for number, place in enumerate(centre) if number != axis]
        starts = []
        for place, side, extent in zip(centre, self.cutting.size, images["mask"].shape[1:], strict=True):
            wanted = place - int(random.integers(side))
            starts.append(min(max(wanted, 0), max(extent - side, 0)))
        flips = [number + 1 for number in range(len(starts)) if self.cutting.flips and random.random() < 0.5]
        cut = {name: _window(image, starts, self.cutting.size).flip(flips) for name, image in images.items()}
        return cut | {"label": torch.tensor(case.label)}

    def _slice(self, image: Tensor, axis: int, place: int, name: str) -> Tensor:
        """Take a slice (C, ...), of the source with its neighbours as further channels."""
        reach = self.cutting.neighbours if name == "source" else 0
        last = image.shape[axis + 1] - 1
        places = [min(max(place + shift, 0), last) for shift in range(-reach, reach + 1)]
        return torch.cat([image.select(axis + 1, number) for number in places])


def _window(image: Tensor, starts: Sequence[int], size: Sequence[int]) -> Tensor:
    """Cut (C, ...); where the image is smaller its border is repeated on both sides, as inference does."""
    for axis, (start, side) in enumerate(zip(starts, size, strict=True), 1):
        image = image.narrow(axis, start, min(side, image.shape[axis]))
    missing = [side - extent for side, extent in zip(size, image.shape[1:], strict=True)]
    pads = [end for gap in missing[::-1] for end in (gap // 2, gap - gap // 2)]
    return functional.pad(image[None], pads, mode="replicate")[0] if any(pads) else image


Batches = Iterator[dict[str, Tensor]]


def stream(patches: Patches, first: int, steps: int, workers: int) -> Batches:
    """Yield the batches of the steps ``first`` to ``steps``; the same for any number of worker processes."""
    yield from DataLoader(
        patches,
        batch_size=None,
        sampler=range(first, steps),
        num_workers=workers,
        worker_init_fn=ignore_interrupts,
    )


def patch_batches(
    patches: Callable[[int], Patches], settings: PatchSettings
) -> Callable[[int, int, torch.device], Batches]:
    """Return the batches of a :class:`~crosscontrast.training.learner.Task` from the patches of each process."""
    return lambda step, rank, _device: stream(patches(rank), step, settings.steps, settings.workers)
