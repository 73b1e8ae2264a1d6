"""nnU-Net v2 models, run by nnU-Net's own predictor so that preprocessing and windows are exactly its own."""

import contextlib
import pydoc
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from torch import nn

from crosscontrast.errors import BadInputError, MissingPackageError, ModelError
from crosscontrast.ground.placement import bring_onto
from crosscontrast.models.bundle import read_json
from crosscontrast.models.foreign.nnunet import (
    CHECKPOINT,
    DATASET,
    PLANS,
    is_known_class,
    output_channels,
    why_trust,
)
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.manifest import require_trust, verify
from crosscontrast.models.weights import load_into, read_checkpoint
from crosscontrast.progress import Progress, silent


class NnunetPredictor:
    """Predicts soft maps with all folds of an nnU-Net model, averaged.

    ``mirror`` turns on nnU-Net's test-time augmentation. Nothing of the model is unpickled but tensors and plain
    values, and only networks and layers that are known, or that the user trusted, are built. Raises
    :class:`MissingPackageError` without nnU-Net and :class:`ModelError` for a damaged or unsuitable folder.
    """

    def __init__(self, entry: ModelEntry, device: torch.device, *, mirror: bool = False) -> None:
        manifest = verify(entry.folder)
        if reason := why_trust(entry.folder):
            require_trust(manifest.trusted, str(entry), reason)
        dataset = read_json(entry.folder / DATASET)
        self._channels = output_channels(dataset, entry.folder / DATASET)
        self.outputs = tuple(self._channels)
        self._inputs = [str(name) for name in dataset.get("channel_names", dataset.get("modality", {})).values()]
        with _nnunet_aside():
            self._predictor = _build(entry, dataset, device, mirror, manifest.trusted)

    def predict(self, images: Sequence[sitk.Image], progress: Progress = silent) -> dict[str, sitk.Image]:
        """Return one float32 probability image in [0, 1] per structure, on the grid of ``images[0]``.

        ``images`` are one per channel that the model was trained with, in its order; those on another grid than the
        first are resampled onto it. nnU-Net leaves out the all-zero border of the image, where the maps are 0.
        """
        if len(images) != len(self._inputs):
            raise BadInputError(
                f"The model needs {len(self._inputs)} image(s) ({', '.join(self._inputs)}), got {len(images)}."
            )
        first = images[0]
        channels = [bring_onto(image, first) for image in images]
        values = np.stack([sitk.GetArrayFromImage(image).astype(np.float32) for image in channels])
        if not values.any():
            raise BadInputError("The image is 0 everywhere, so there is nothing to segment.")
        progress(0, 1, "running nnU-Net")
        # nnU-Net's own reader hands over arrays as (channel, k, j, i) and the spacing in the same order.
        with _nnunet_aside():
            _, probabilities = self._predictor.predict_single_npy_array(
                values, {"spacing": list(first.GetSpacing())[::-1]}, None, None, True
            )
        progress(1, 1, "done")
        return {name: _on_grid(probabilities[channel], first) for name, channel in self._channels.items()}


def _build(entry: ModelEntry, dataset: dict[str, Any], device: torch.device, mirror: bool, trusted: bool) -> Any:
    """Set up nnU-Net's predictor from checkpoints that we read, instead of letting it unpickle them."""
    try:
        from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
        from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
        from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
    except ImportError as error:
        raise MissingPackageError(
            f"{entry} is an nnU-Net model and the package {error.name} is not installed.", "pip install nnunetv2"
        ) from error
    checkpoints = [read_checkpoint(path) for path in _checkpoints(entry.folder)]
    plans = PlansManager(read_json(entry.folder / PLANS))
    try:
        configuration = plans.get_configuration(checkpoints[0]["init_args"]["configuration"])
        if configuration.previous_stage_name is not None:
            raise ModelError(f"{entry} is the second stage of an nnU-Net cascade, which cannot be run by itself.")
        heads = plans.get_label_manager(dataset).num_segmentation_heads
        inputs = determine_num_input_channels(plans, configuration, dataset)
        network = build_network(configuration, inputs, heads, trusted)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise ModelError(f"The {PLANS} of {entry} cannot be used: {error}.") from error
    for checkpoint in checkpoints:
        load_into(network, checkpoint["network_weights"], f"The weights of {entry}")
    predictor = nnUNetPredictor(
        use_mirroring=mirror, perform_everything_on_device=device.type == "cuda", device=device, allow_tqdm=False
    )
    predictor.manual_initialization(
        network,
        plans,
        configuration,
        [checkpoint["network_weights"] for checkpoint in checkpoints],
        dataset,
        checkpoints[0]["trainer_name"],
        checkpoints[0]["inference_allowed_mirroring_axes"],
    )
    return predictor


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"fold_*/{CHECKPOINT}"))


def build_network(configuration: Any, inputs: int, heads: int, trusted: bool = False) -> nn.Module:
    """Build the network that a configuration of nnU-Net's plans describes, returning full resolution only.

    Unless ``trusted``, a class that is none of nnU-Net's networks and PyTorch's layers raises ``ValueError``.
    """
    arguments = dict(configuration.network_arch_init_kwargs)
    for key in configuration.network_arch_init_kwargs_req_import:
        if arguments[key] is not None:
            arguments[key] = _layer_class(arguments[key], trusted)
    build = _layer_class(configuration.network_arch_class_name, trusted)
    return build(input_channels=inputs, num_classes=heads, deep_supervision=False, **arguments)


def _layer_class(name: str, trusted: bool) -> type[nn.Module]:
    """Import a class by its dotted name; anything but a kind of layer raises ``ValueError``."""
    found = pydoc.locate(name) if trusted or is_known_class(name) else None
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise ValueError(f"{name} is no network or layer of the installed packages")
    return found


def _on_grid(values: np.ndarray, reference: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(values, dtype=np.float32))
    image.CopyInformation(reference)
    return image


@contextlib.contextmanager
def _nnunet_aside() -> Iterator[None]:
    """Send what nnU-Net prints to standard error: standard output may carry our own protocol or ``--json``."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
