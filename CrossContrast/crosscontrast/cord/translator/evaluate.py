"""How good a translator is on generated images that it never trains on, beside the best line through each image."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.translator.config import TranslatorConfig
from crosscontrast.cord.translator.contrasts import OUTPUTS, clean_images
from crosscontrast.cord.translator.pairs import Pair, draw_pair
from crosscontrast.ground.seeds import seed_of

#: Keeps held-out bodies apart from those of any training seed.
HELD_OUT = 8_191_003
#: Samples of a picture.
_SHOWN = 8


def held_out(config: TranslatorConfig) -> list[Pair]:
    """Return the fixed evaluation set: another body and contrast each, the same for all runs on such patches."""
    pairs, grid = [], Grid(config.patch)
    for number in range(config.validation_samples):
        draw = Draw(seed_of(HELD_OUT, number))
        anatomy = draw_anatomy(grid, draw, wide=draw.chance(config.wide_share))
        pairs.append(draw_pair(anatomy, grid, draw))
    return pairs


def answers(network: nn.Module, pairs: Sequence[Pair]) -> list[Tensor]:
    """Return a network's answer (output, D, H, W) to each pair's image, on the CPU."""
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode():
        # A batch of one falls into PyTorch's slow convolution on a CPU.
        return [network(torch.stack([p.image, p.image]).to(device))[0].float().cpu() for p in pairs]


def measure(pairs: Sequence[Pair], made: Sequence[Tensor]) -> dict[str, float]:
    """Return the mean absolute error by output, that of the best line, and both in the canal; averaged over images.

    The line of each image and output is the one with the least squares, so it knows the answer.
    """
    rows: dict[str, list[float]] = {}
    for pair, answer in zip(pairs, made, strict=True):
        for place, region in (("", pair.inside[0] > 0), ("_canal", (pair.inside * pair.canal)[0] > 0.5)):
            if int(region.sum()) < 100:
                continue
            x = pair.image[0][region].double().numpy()
            for name, wanted, given in zip(OUTPUTS, clean_images(pair.shares), answer, strict=True):
                y = wanted[region].double().numpy()
                rows.setdefault(f"{name}{place}_mae", []).append(float((given - wanted).abs()[region].mean()))
                rows.setdefault(f"{name}{place}_line", []).append(float(np.abs(line(x, y) - y).mean()))
    return {name: float(np.mean(column)) for name, column in rows.items()}


def line(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the values of the straight line through (x, y) with the least squares, a constant where x is one."""
    variance = x.var()
    slope = 0.0 if variance < 1e-12 else float(((x - x.mean()) * (y - y.mean())).mean() / variance)
    return y.mean() + slope * (x - x.mean())


def save_pictures(pairs: Sequence[Pair], made: Sequence[Tensor], path: Path) -> None:
    """Draw the middle slice of each image, and answer beside target for each output."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = list(zip(pairs, made, strict=True))[:_SHOWN]
    titles = ["image", *(f"{name}{kind}" for name in OUTPUTS for kind in ("", ", true"))]
    figure = Figure(figsize=(1.9 * len(shown), 1.9 * len(titles)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(titles), len(shown), squeeze=False)
    for column, (pair, answer) in enumerate(shown):
        cut = (pair.image.shape[1] // 2,) if column % 2 else (slice(None), slice(None), pair.image.shape[3] // 2)
        images = [pair.image[0], *(part for two in zip(answer, clean_images(pair.shares), strict=True) for part in two)]
        for row, (image, title) in enumerate(zip(images, titles, strict=True)):
            ends = {} if row == 0 else {"vmin": 0, "vmax": 1}
            axes[row, column].imshow(image[cut].numpy(), cmap="gray", origin="lower", **ends)
            axes[row, column].set_title(title if column == 0 else "", fontsize=8)
            axes[row, column].set_axis_off()
    figure.savefig(path, dpi=70, format="png")
