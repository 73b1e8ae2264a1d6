"""From sparse or noisy labels to whole, smooth ones: label propagation and cleansing (Sugino et al.).

Sparse: in each volume only some slices are labelled. A 2D network learns from those slices and labels the others; the
labelled slices keep their labels. Slices beyond the outermost labelled ones, by more than the largest gap between
labelled slices, are taken to be background: else a network would never see where the structure is not.

Noisy: every slice is labelled, with mistakes that differ from slice to slice. The volumes are split in folds and each
is labelled by networks that never saw its labels, so that its own mistakes cannot be learned by heart.

In both the soft maps are smoothed across slices. The result is a proposal beside the given labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from scipy import ndimage

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.progress import Progress, part, silent
from SynthSegLib.segmentation.config import SegmentationConfig
from SynthSegLib.segmentation.train import predict_case, segmentation_spec, train_segmentation
from SynthSegLib.training.cases import Case

Kind = Literal["sparse", "noisy"]
#: Smoothing across slices (Gaussian sigma in slices).
_SMOOTH = 0.7
FOLDS = 3


@dataclass(frozen=True)
class Proposal:
    """One volume's proposed labels: ``soft`` (K, k, j, i) sums to 1 over background and classes."""

    name: str
    soft: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """The most probable class of each voxel (k, j, i), 0 for background."""
        return self.soft.argmax(0).astype(np.uint8)

    @property
    def confidence(self) -> np.ndarray:
        """The probability of that class, float32."""
        return self.soft.max(0).astype(np.float32)


def labelled_slices(case: Case) -> np.ndarray:
    """Return for each slice along k whether it has any label other than background."""
    found: np.ndarray = (case.target[1:].sum(0) > 0).flatten(1).any(1).numpy()
    return found


def beyond(slices: np.ndarray) -> np.ndarray:
    """Return which slices lie farther outside the outermost labelled ones than labelled slices lie apart."""
    places = np.flatnonzero(slices)
    gap = int(np.diff(places).max(initial=1))
    numbers = np.arange(len(slices))
    return (numbers < places[0] - gap) | (numbers > places[-1] + gap)


def cleanse(
    config: SegmentationConfig,
    cases: Sequence[Case],
    kind: Kind,
    folder: Path,
    *,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> list[Proposal]:
    """Return a proposal per case, in order; the networks' trainings lie in ``folder``.

    For sparse labels the slices with a label are those that are known. Raises :class:`BadInputError` where no slice is
    labelled, or, for noisy labels, where there are fewer than two volumes.
    """
    if kind == "sparse":
        return _propagate(config, cases, folder, device, progress)
    if len(cases) < 2:
        raise BadInputError("Cleansing noisy labels needs at least two volumes: none may be judged by its own labels.")
    proposals: dict[int, Proposal] = {}
    folds = min(FOLDS, len(cases))
    for fold in range(folds):
        learned = [case for number, case in enumerate(cases) if number % folds != fold]
        report = part(progress, fold / folds, (fold + 1) / folds)
        network = _train(config, learned, folder / f"fold-{fold + 1}", device, report)
        for number, case in enumerate(cases):
            if number % folds == fold:
                proposals[number] = Proposal(case.name, smooth(_predict(config, network, case, learned)))
    return [proposals[number] for number in range(len(cases))]


def _propagate(
    config: SegmentationConfig, cases: Sequence[Case], folder: Path, device: torch.device | str, progress: Progress
) -> list[Proposal]:
    if config.dims != 2 or config.slice_axis != 0:
        raise BadInputError("Labels of single slices are propagated by a 2D network along those slices (axis 0).")
    known = []
    for case in cases:
        slices = labelled_slices(case)
        if not slices.any():
            raise BadInputError(f"No slice of {case.name} is labelled.")
        mask = torch.zeros_like(case.mask)
        mask[:, torch.from_numpy(slices | beyond(slices))] = 1
        known.append(replace(case, mask=mask))
    network = _train(config, known, folder, device, progress)
    proposals = []
    for case in known:
        soft = smooth(_predict(config, network, case, known))
        given = case.mask.numpy() > 0
        proposals.append(Proposal(case.name, np.where(given, case.target.numpy(), soft)))
    return proposals


def _train(
    config: SegmentationConfig, cases: list[Case], folder: Path, device: torch.device | str, progress: Progress
) -> torch.nn.Module:
    state = train_segmentation(config, folder, device=device, progress=progress, cases=cases)
    network: torch.nn.Module = state.average["generator"]
    return network


def _predict(config: SegmentationConfig, network: torch.nn.Module, case: Case, cases: Sequence[Case]) -> np.ndarray:
    return predict_case(network, segmentation_spec(config, list(cases)), case.source)


def smooth(soft: np.ndarray) -> np.ndarray:
    """Smooth soft maps (K, k, j, i) across slices; they still sum to 1."""
    return ndimage.gaussian_filter1d(soft, _SMOOTH, axis=1, mode="nearest")
