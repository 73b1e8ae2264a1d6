"""From sparse or noisy labels to whole, smooth ones: label propagation and cleansing (Sugino et al.).

Sparse: in each volume only some slices are labelled. A 2D network learns from those slices and labels the others; the
labelled slices keep their labels. Slices beyond the outermost labelled ones, by more than the largest gap between
labelled slices, are taken to be background: else a network would never see where the structure is not.

Noisy: every slice is labelled, with mistakes that differ from slice to slice. The volumes are split in folds and each
is labelled by networks that never saw its labels, so that its own mistakes cannot be learned by heart. Slices whose
labels disagree grossly with that are then left out, as in co-teaching (Han et al., NeurIPS 2018), and networks that
learn from the others only, in several splits, label everything anew; their mean is the proposal.

In both the soft maps are smoothed across slices. The result is a proposal beside the given labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from scipy import ndimage

from crosscontrast.errors import BadInputError
from crosscontrast.progress import Progress, part, silent
from crosscontrast.synthesis.segmentation.config import SegmentationConfig
from crosscontrast.synthesis.segmentation.train import predict_case, segmentation_spec, train_segmentation
from crosscontrast.synthesis.training.cases import Case

Kind = Literal["sparse", "noisy"]
#: Smoothing across slices (Gaussian sigma in slices).
_SMOOTH = 0.7
FOLDS = 3
#: How many ways of splitting the volumes label them in the end.
SPLITS = 2
#: Slices whose Dice with the first answer is below this share of the volume's median are taken for gross mistakes.
_GROSS = 0.5


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
    rounds = 1 + SPLITS
    first = _cross_label(config, cases, folder / "first", 0, device, part(progress, 0, 1 / rounds))
    trusted = [trust(case, soft) for case, soft in zip(cases, first, strict=True)]
    answers = [
        _cross_label(config, trusted, folder / f"split-{n}", n, device, part(progress, n / rounds, (n + 1) / rounds))
        for n in range(1, rounds)
    ]
    return [Proposal(case.name, smooth(np.mean(found, 0))) for case, *found in zip(cases, *answers, strict=True)]


def _cross_label(
    config: SegmentationConfig,
    cases: Sequence[Case],
    folder: Path,
    split: int,
    device: torch.device | str,
    progress: Progress,
) -> list[np.ndarray]:
    """Return each case's soft maps by a network that did not learn from it; ``split`` chooses folds and seed."""
    folds = min(FOLDS, len(cases))
    # The order of the volumes in a table means nothing, but it must not be the same in every split.
    places = np.random.default_rng(split).permutation(len(cases))
    found: dict[int, np.ndarray] = {}
    for fold in range(folds):
        learned = [case for case, place in zip(cases, places, strict=True) if place % folds != fold]
        own = config.model_copy(update={"seed": config.seed + split})
        report = part(progress, fold / folds, (fold + 1) / folds)
        network = _train(own, learned, folder / f"fold-{fold + 1}", device, report)
        for number, case in enumerate(cases):
            if places[number] % folds == fold:
                found[number] = _predict(own, network, case, learned)
    return [found[number] for number in range(len(cases))]


def trust(case: Case, soft: np.ndarray) -> Case:
    """Return the case without the slices (along k) whose labels disagree grossly with soft maps (K, k, j, i)."""
    given, seen = case.target[1:].numpy(), soft[1:] * (soft.argmax(0) > 0)
    overlap, total = (values.sum((0, 2, 3)) for values in (2 * given * seen, given + seen))
    agreement = np.divide(overlap, total, out=np.ones_like(total), where=total > 1)
    either = total > 1
    bad = either & (agreement < _GROSS * np.median(agreement[either])) if either.any() else either
    mask = case.mask.clone()
    mask[:, torch.from_numpy(bad)] = 0
    return replace(case, mask=mask)


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
