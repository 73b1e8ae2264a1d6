"""What the translator learns from: an image in any contrast, and the same anatomy in the clean ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from crosscontrast.cord.generator.anatomy import Anatomy
from crosscontrast.cord.generator.appearance import cut_view, draw_levels, draw_scan
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.labelmaps import Tracing, read_tracings
from crosscontrast.cord.translator.bodies import kept_body
from crosscontrast.cord.translator.config import TranslatorConfig
from crosscontrast.cord.translator.contrasts import shares_of
from crosscontrast.ground.seeds import seed_of
from crosscontrast.training.interruption import ignore_interrupts

#: How often a patch may be a thin slab, echo-planar, or of suppressed fat.
_WIDE = 0.3


@dataclass(frozen=True)
class Pair:
    """``image`` (1, D, H, W), normalised; ``shares`` (kind, D, H, W), sharp at 1 mm whatever the image's slices;

    ``canal`` (1, D, H, W), the share of each voxel inside the dura; ``inside`` (1, D, H, W), 1 where the image shows
    anything.
    """

    image: Tensor
    shares: Tensor
    canal: Tensor
    inside: Tensor


def draw_pair(anatomy: Anatomy, grid: Grid, draw: Draw) -> Pair:
    """Scan ``anatomy`` once, with a new contrast, scanner and view; the target lies where the image shows it."""
    shown = torch.cat([shares_of(anatomy.fractions), anatomy.canal[None]])
    scan = draw_scan(anatomy, shown, grid, draw, wide=draw.chance(_WIDE))
    image, inside = cut_view(scan, draw)
    everything = torch.cat([scan.shown, (torch.ones_like(image) if inside is None else inside)[None]])
    if draw.chance(0.5):  # left and right are alike in this anatomy, so a mirrored one is as true
        image, everything = image.flip(-1), everything.flip(-1)
    return Pair(draw_levels(image, draw)[None], everything[:-2], everything[-2:-1], everything[-1:])


class Pairs(Dataset[dict[str, Tensor]]):
    """Batch number ``step`` of a training, for the process ``rank``."""

    def __init__(self, config: TranslatorConfig, rank: int = 0) -> None:
        self.config, self.rank, self.grid = config, rank, Grid(config.patch)
        self.tracings: Sequence[Tracing] = read_tracings(config.label_maps) if config.label_maps else ()

    def __getitem__(self, step: int) -> dict[str, Tensor]:
        """Return ``image``, ``shares`` and ``weight`` (B, C, D, H, W), the weight with mean 1."""
        pairs = [self._pair(step, place) for place in range(self.config.batch)]
        image, shares, weight = (
            torch.stack(parts)
            for parts in zip(*((p.image, p.shares, weigh(p, self.config.canal_weight)) for p in pairs), strict=True)
        )
        return {"image": image, "shares": shares, "weight": weight}

    def _pair(self, step: int, place: int) -> Pair:
        draw = Draw(seed_of(self.config.seed, self.rank, step, place))
        number = draw.pick(range(self.config.bodies))
        return draw_pair(kept_body(self.config, number, self.tracings), self.grid, draw)


def weigh(pair: Pair, canal_weight: float) -> Tensor:
    """Return how much each voxel counts: nothing where the image shows nothing, most in and about the canal."""
    about = functional.max_pool3d(pair.canal[None], 5, 1, 2)[0]
    weight = pair.inside * (1 + canal_weight * about)
    return weight / weight.mean().clamp(min=1e-6)


def stream(config: TranslatorConfig, step: int, rank: int) -> Iterator[dict[str, Tensor]]:
    """Yield the batches of step ``step`` and after; the same for any number of worker processes."""
    yield from DataLoader(
        Pairs(config, rank),
        batch_size=None,
        sampler=range(step, config.steps),
        num_workers=config.workers,
        worker_init_fn=ignore_interrupts,
    )
