"""Running translators: along one axis or the average of three, one model or several, once or many times."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal

import numpy as np
import SimpleITK as sitk
import torch
from torch import nn

from crosscontrast.errors import ModelError
from crosscontrast.ground.images import image_like
from crosscontrast.inference import warm_predictor
from crosscontrast.inference.compiled import accelerated
from crosscontrast.inference.engine import GridPredictor
from crosscontrast.inference.predictor import Predictor
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.load import load_model
from crosscontrast.models.networks.diffusion_bridge import DiffusionBridge
from crosscontrast.progress import Progress, part, silent

Axis = Literal["model", "0", "1", "2", "average"]
#: Models that our own engine runs; the others bring their own way of predicting.
_OURS = ("crosscontrast", "torchscript")


class AxesPredictor:
    """A 2D network that slides along several axes; the answers are averaged, which smooths them across slices."""

    def __init__(self, entry: ModelEntry, device: torch.device, axes: Sequence[int]) -> None:
        model = accelerated(load_model(entry), entry, device)
        if len(model.spec.windowing.size) != 2:
            raise ModelError(f"{entry} sees volumes, so there is no axis of slices to choose.")
        self.outputs, self.network = model.spec.outputs, model.network
        self._members = []
        for axis in axes:
            windowing = model.spec.windowing.model_copy(update={"slice_axis": axis})
            spec = model.spec.model_copy(update={"windowing": windowing})
            self._members.append(GridPredictor(spec, model.network, device))

    @property
    def engine(self) -> str:
        """What runs the network, with its version; empty for PyTorch."""
        return self._members[0].engine

    def predict(self, images: Sequence[sitk.Image], progress: Progress = silent) -> dict[str, sitk.Image]:
        """Return the mean of the axes' answers, one float32 image per output on the grid of ``images[0]``."""
        count = len(self._members)
        answers = [
            member.predict(images, part(progress, number / count, (number + 1) / count))
            for number, member in enumerate(self._members)
        ]
        return {name: mean([answer[name] for answer in answers]) for name in self.outputs}


@lru_cache(maxsize=2)
def open_predictor(entry: ModelEntry, device: torch.device, axis: Axis) -> Predictor:
    """Return what runs a model, kept for the next case; raises :class:`ModelError` for an axis that it cannot take."""
    if axis == "model":
        return warm_predictor(entry, device)
    if entry.format not in _OURS:
        raise ModelError(f"{entry} is of the format {entry.format}, whose slices run along its own axis.")
    return AxesPredictor(entry, device, (0, 1, 2) if axis == "average" else (int(axis),))


@contextmanager
def stochastic(predictor: Predictor, entry: ModelEntry) -> Iterator[None]:
    """Let a network's dropout (Gal and Ghahramani, ICML 2016) and a bridge's noise act while the block runs.

    Raises :class:`ModelError` for a model that has neither.
    """
    network = getattr(predictor, "network", None) or getattr(predictor, "_network", None)
    parts = list(network.modules()) if isinstance(network, nn.Module) else []
    dropouts = [part for part in parts if isinstance(part, nn.modules.dropout._DropoutNd) and part.p > 0]
    bridges = [part for part in parts if isinstance(part, DiffusionBridge)]
    if not dropouts and not bridges:
        raise ModelError(
            f"{entry} answers the same every time: it has no dropout and no noise of its own.",
            "give several models, whose spread is then shown",
        )
    try:
        for dropout in dropouts:
            dropout.train()
        for bridge in bridges:
            bridge.sample = True
        yield
    finally:
        for dropout in dropouts:
            dropout.eval()
        for bridge in bridges:
            bridge.sample = False


def mean(images: Sequence[sitk.Image]) -> sitk.Image:
    """Return the mean of images on one grid."""
    if len(images) == 1:
        return images[0]
    values = np.mean([sitk.GetArrayViewFromImage(image) for image in images], axis=0)
    return image_like(values.astype(np.float32), images[0])


def spread(images: Sequence[sitk.Image]) -> sitk.Image:
    """Return the standard deviation (of a sample) of images on one grid, voxel by voxel, in their unit."""
    values = np.std([sitk.GetArrayViewFromImage(image) for image in images], axis=0, ddof=1)
    return image_like(values.astype(np.float32), images[0])
