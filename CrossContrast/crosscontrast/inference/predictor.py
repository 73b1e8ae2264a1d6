"""From an entry of the model library to something that predicts."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from crosscontrast.progress import Progress, silent

if TYPE_CHECKING:
    import SimpleITK as sitk
    import torch

    from crosscontrast.models.library import ModelEntry


class Predictor(Protocol):
    """A model on a device, whatever made it."""

    outputs: tuple[str, ...]

    def predict(self, images: Sequence["sitk.Image"], progress: Progress = silent) -> "dict[str, sitk.Image]":
        """Return one float32 image per output, on the grid of ``images[0]``."""
        ...


def load_predictor(entry: "ModelEntry", device: "torch.device", *, mirror: bool = False) -> Predictor:
    """Load a model onto a device; its files are checked against their SHA-256 first.

    ``mirror`` turns on test-time averaging over mirror images where the model allows it. Raises
    :class:`crosscontrast.errors.ModelError` for a damaged or untrusted model.
    """
    if entry.format == "nnunet":
        from crosscontrast.inference.nnunet_predictor import NnunetPredictor

        return NnunetPredictor(entry, device, mirror=mirror)
    if entry.format == "monai-bundle":
        from crosscontrast.inference.monai_bundle_predictor import MonaiBundlePredictor

        return MonaiBundlePredictor(entry, device)
    from crosscontrast.inference.compiled import accelerated
    from crosscontrast.inference.engine import GridPredictor
    from crosscontrast.models.load import load_model

    model = accelerated(load_model(entry), entry, device)
    return GridPredictor(model.spec, model.network, device, finder=model.finder, mirror=mirror)


@lru_cache(maxsize=2)
def warm_predictor(entry: "ModelEntry", device: "torch.device", mirror: bool = False) -> Predictor:
    """Return the predictor of :func:`load_predictor`, kept for the next case; versions in the library never change."""
    return load_predictor(entry, device, mirror=mirror)
