"""What a layer of a translator sees in an image, as volumes and as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor, nn
from torch.nn import functional

from crosscontrast.errors import ModelError
from crosscontrast.inference.engine import GridPredictor
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.load import load_model
from crosscontrast.progress import Progress, silent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Maps of a layer that are shown; more are left out.
MOST_MAPS = 16


def layers(entry: ModelEntry) -> dict[str, int]:
    """Return the convolutions of a model by name, in their order, with the number of maps that each makes."""
    network = load_model(entry).network
    kinds = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    return {name: part.out_channels for name, part in network.named_modules() if isinstance(part, kinds)}


class LayerProbe(nn.Module):
    """A network that returns what one of its layers makes, stretched to the size of its input."""

    def __init__(self, network: nn.Module, layer: str, maps: int) -> None:
        super().__init__()
        self.network, self._maps = network, maps
        self._seen: Tensor | None = None
        network.get_submodule(layer).register_forward_hook(self._keep)

    def _keep(self, _part: nn.Module, _given: Any, made: Tensor) -> None:
        self._seen = made

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps (B, maps, ...) of a batch of windows."""
        self.network(x)
        assert self._seen is not None
        mode = "bilinear" if x.ndim == 4 else "trilinear"
        return functional.interpolate(self._seen[:, : self._maps], size=x.shape[2:], mode=mode, align_corners=False)


def feature_maps(
    image: sitk.Image, entry: ModelEntry, layer: str, device: torch.device, progress: Progress = silent
) -> list[sitk.Image]:
    """Return the first maps of a layer on the grid of ``image``, put together of the model's own windows.

    Raises :class:`ModelError` for a layer that the model does not have.
    """
    known = layers(entry)
    if layer not in known:
        raise ModelError(f"{entry} has no layer {layer!r}.", f"it has {', '.join(list(known)[:8])}, ...")
    model = load_model(entry)
    names = tuple(f"map{number + 1:02d}" for number in range(min(known[layer], MOST_MAPS)))
    spec = model.spec.model_copy(update={"outputs": names, "localisation": None, "activation": "none"})
    probe = LayerProbe(model.network, layer, len(names))
    return list(GridPredictor(spec, probe, device).predict([image], progress).values())


def grid_figure(rows: dict[str, Sequence[sitk.Image]], place: int) -> "Figure":
    """Draw slice ``place`` (along k) of every map, a block per model; each map has its own grey scale.

    With two models of as many maps a third block shows their differences, in units of the first map's deviation.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    blocks = {name: [sitk.GetArrayFromImage(m)[place] for m in maps] for name, maps in rows.items()}
    sizes = {len(maps) for maps in blocks.values()}
    if len(blocks) == 2 and len(sizes) == 1:
        one, other = blocks.values()
        blocks["difference"] = [(b - a) / max(float(a.std()), 1e-9) for a, b in zip(one, other, strict=True)]
    columns = min(8, max(sizes))
    lines = {name: -(-len(maps) // columns) for name, maps in blocks.items()}
    figure = Figure(figsize=(1.4 * columns, 1.5 * sum(lines.values())), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(sum(lines.values()), columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    first = 0
    for name, maps in blocks.items():
        for number, values in enumerate(maps):
            axis = axes[first + number // columns, number % columns]
            differs = name == "difference"
            limits = {"vmin": -3, "vmax": 3} if differs else {}
            axis.imshow(values, cmap="RdBu_r" if differs else "gray", origin="lower", **limits)
            axis.set_title(f"{name} {number + 1}", fontsize=6)
        first += lines[name]
    return figure


def middle(image: sitk.Image) -> int:
    """Return the slice along k in which the image is brightest, where there is something to see."""
    values = sitk.GetArrayViewFromImage(image)
    return int(np.argmax(values.sum((1, 2)) - values.min() * values[0].size))


def write_picture(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    from crosscontrast.ground.files import atomic_write

    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
