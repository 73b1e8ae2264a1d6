"""MONAI bundles of others, run by MONAI as their own configuration says. Only for bundles that the user trusts."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor, nn

from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.models.bundle import METADATA, WEIGHTS, read_json
from crosscontrast.models.foreign.monai_bundle import config_file, output_channels, why_trust
from crosscontrast.models.foreign.trust import require_trust
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.manifest import verify
from crosscontrast.models.weights import load_into, read_state_dict
from crosscontrast.progress import Progress, silent


class MonaiBundlePredictor:
    """Predicts soft maps with the bundle's ``network_def``, ``preprocessing`` and ``inferer``.

    Instead of the bundle's own ``postprocessing``, which ends in label maps on disk, the probabilities are taken
    (sigmoid or softmax as its ``Activationsd`` says) and its preprocessing is inverted. Raises :class:`ModelError` for
    a damaged or untrusted bundle and for one whose configuration lacks these parts.
    """

    def __init__(self, entry: ModelEntry, device: torch.device) -> None:
        require_trust(verify(entry.folder).trusted, str(entry), why_trust(entry.folder))
        self._name = str(entry)
        self._device = device
        self._channels = output_channels(read_json(entry.folder / METADATA), entry.folder)
        self.outputs = tuple(self._channels)
        with _importable(entry.folder):
            parser = _parser(entry.folder, device)
            network = self._part(parser, "network_def", "network")
            self._preprocessing = self._part(parser, "preprocessing")
            self._inferer = self._part(parser, "inferer")
        self._softmax = _uses_softmax(parser, len(self._channels))
        load_into(network, read_state_dict(entry.folder / WEIGHTS), f"The weights of {entry}")
        self._network: nn.Module = network.to(device).eval()

    def predict(self, images: Sequence[sitk.Image], progress: Progress = silent) -> dict[str, sitk.Image]:
        """Return one float32 probability image in [0, 1] per structure, on the grid of ``images[0]``.

        A MONAI bundle reads one image; several channels would have to lie in one file.
        """
        if len(images) != 1:
            raise BadInputError(f"{self._name} is a MONAI bundle and reads one image, got {len(images)}.")
        progress(0, 1, "running the MONAI bundle")
        with tempfile.TemporaryDirectory(prefix="crosscontrast-") as folder, torch.inference_mode():
            # Bundles begin by loading a file, so they get one; NIfTI keeps the order of the voxels and their positions.
            path = Path(folder) / "image.nii.gz"
            sitk.WriteImage(sitk.Cast(images[0], sitk.sitkFloat32), str(path))
            data = self._preprocessing({"image": str(path)})
            scores = self._inferer(data["image"][None].to(self._device), self._network)
            maps = self._original_grid(data, self._probabilities(scores))
        progress(1, 1, "done")
        return {name: _to_image(maps[channel], images[0]) for name, channel in self._channels.items()}

    def _part(self, parser: Any, *names: str) -> Any:
        name = next((name for name in names if name in parser.get()), None)
        if name is None:
            raise ModelError(f"The configuration of {self._name} has no {names[0]}, so it cannot be run here.")
        try:
            return parser.get_parsed_content(name)
        except Exception as error:  # it is somebody's program, so it can fail in any way
            raise ModelError(f"The {name} of {self._name} cannot be built: {error}.") from error

    def _probabilities(self, scores: Any) -> Tensor:
        """(channels, ...) on the CPU; of deep supervision's several outputs the first, at full resolution."""
        scores = scores[0] if isinstance(scores, list | tuple) else scores
        scores = scores[0].float().cpu()
        if scores.shape[0] <= max(self._channels.values()):
            raise ModelError(f"{self._name} returns {scores.shape[0]} channels, fewer than its metadata names.")
        return scores.softmax(0) if self._softmax else scores.sigmoid()

    def _original_grid(self, data: dict[str, Any], probabilities: Tensor) -> np.ndarray:
        """Undo the bundle's preprocessing: (channels, i, j, k) on the grid of the file that it loaded."""
        from monai.data import MetaTensor
        from monai.transforms import Invertd

        back = Invertd("pred", self._preprocessing, orig_keys="image", nearest_interp=False)
        like = data["image"]
        pred = MetaTensor(probabilities, meta=like.meta, applied_operations=like.applied_operations)
        return back({"image": like, "pred": pred})["pred"].numpy()


def _parser(folder: Path, device: torch.device) -> Any:
    from monai.bundle import ConfigParser

    parser = ConfigParser()
    parser.read_config(str(config_file(folder)))
    parser.read_meta(str(folder / METADATA))
    parser["bundle_root"] = str(folder)
    parser["device"] = device
    return parser


def _uses_softmax(parser: Any, structures: int) -> bool:
    """Read it from the ``Activationsd`` of the postprocessing; without one, several structures exclude each other."""
    postprocessing = parser.get("postprocessing")
    steps = postprocessing.get("transforms") if isinstance(postprocessing, dict) else None
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict) and str(step.get("_target_", "")).rpartition(".")[2] in (
            "Activationsd",
            "ActivationsD",
            "ActivationsDict",
        ):
            return bool(step.get("softmax", False))
    return structures > 1


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a bundle import its ``scripts``, leaving neither compiled files in its sealed folder nor their names.

    Most bundles call that package ``scripts``, so the next one would otherwise get the code of this one.
    """
    writes, before = sys.dont_write_bytecode, set(sys.modules)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = writes
        for name in set(sys.modules) - before:
            places = [getattr(sys.modules[name], "__file__", None), *getattr(sys.modules[name], "__path__", [])]
            if any(place and Path(place).is_relative_to(folder) for place in places):
                del sys.modules[name]


def _to_image(values: np.ndarray, reference: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(values.transpose(2, 1, 0), dtype=np.float32))
    image.CopyInformation(reference)
    return image
