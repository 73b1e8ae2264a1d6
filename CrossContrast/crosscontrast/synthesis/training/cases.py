"""From the cohort table to the volumes that a translator learns from, all in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor
from torch.nn import functional

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow, read_cohort
from crosscontrast.ground.coverage import WHOLE, cover, covered
from crosscontrast.ground.images import clean_intensities, read_image
from crosscontrast.ground.placement import bring_onto
from crosscontrast.inference.preprocess import normalise, prepare
from crosscontrast.models.networks.translator import Range, map_to_unit
from crosscontrast.synthesis.training.config import TrainingConfig

#: The share of voxels at either end that does not decide the range of the intensities.
_TAIL = 0.001


@dataclass(frozen=True)
class Case:
    """One subject: ``source`` and ``target`` (C, k, j, i), ``mask`` (1, k, j, i) in [0, 1], and a label (NaN: none).

    ``measured`` (1, k, j, i) is 1 where both images were measured and 0 elsewhere; ``None`` where they were everywhere.
    The mask lies inside of it.
    """

    name: str
    source: Tensor
    target: Tensor
    mask: Tensor
    label: float = float("nan")
    measured: Tensor | None = None

    @property
    def seen(self) -> Tensor:
        """Where both images were measured, (1, k, j, i); it takes no memory where they were everywhere."""
        return torch.ones(()).expand_as(self.mask) if self.measured is None else self.measured


@dataclass(frozen=True)
class Scale:
    """How a role's intensities become [-1, 1]: the range after normalising, and the way back to the files' unit."""

    range: Range
    unit: tuple[float, float]


def read_pairs(config: TrainingConfig, split: str) -> list[tuple[CohortRow, CohortRow]]:
    """Return the pairs of a split after checking that they can be learned from.

    Raises :class:`BadInputError` naming the table and the reason: a row without a partner or a mask.
    """
    cohort = read_cohort(config.cohort)
    pairs = list(cohort.pairs(config.source, config.target, split))
    for row, partner in pairs:
        if not (config.whole_image or row.mask or partner.mask):
            raise BadInputError(
                f"{config.cohort}: {row.subject} has no mask, neither for {config.source} nor for {config.target}.",
                "give masks, or train on the whole image (--whole-image)",
            )
    return pairs


def read_cases(config: TrainingConfig, split: str) -> list[Case]:
    """Read the pairs of a split: normalised per volume, not yet mapped (see :func:`mapped`).

    Raises :class:`BadInputError` for pairs on differing grids and whatever :func:`read_pairs` raises.
    """
    return [_read(config, row, partner) for row, partner in read_pairs(config, split)]


def read_training_cases(config: TrainingConfig) -> list[Case]:
    """Read the split ``train``; raises :class:`BadInputError` where it has no pair."""
    cases = read_cases(config, "train")
    if not cases:
        raise BadInputError(
            f"{config.cohort} has no pair of {config.source!r} and {config.target!r} in the split 'train'."
        )
    return cases


def _read(config: TrainingConfig, row: CohortRow, partner: CohortRow) -> Case:
    first, second = (covered(read_image(r.image), r.image.name) for r in (row, partner))
    source, target = first.image, cover(second, first.image, partner.image.name)
    if target.resampled and not config.resample:
        raise BadInputError(
            f"{config.cohort}: {row.image.name} and {partner.image.name} of {row.subject} lie on different grids.",
            "register and resample them, or let them be resampled (--resample)",
        )
    images = [source, target.image, _mask(config, row, partner, source)]
    if not (first.everywhere and target.everywhere):
        both = sitk.And(first.measured, target.measured)
        images.append(sitk.Cast(both, sitk.sitkFloat32))
    values, *others = prepare(images, config.preprocessing("none")).values
    wanted, mask = others[:2]
    measured = others[2] >= WHOLE if len(others) > 2 else None
    if measured is not None:
        mask = mask * measured
        if not mask.any():
            raise BadInputError(
                f"{config.cohort}: {partner.image.name} was not measured anywhere in the mask of {row.subject}."
            )
    # The network will meet whole sources, so what decides their scale is all of them.
    values = normalise(values, config.source_normalisation)
    wanted = normalise(wanted, config.target_normalisation, measured)
    return Case(
        name=row.subject,
        source=torch.from_numpy(values.astype(np.float32))[None],
        target=torch.from_numpy(wanted.astype(np.float32))[None],
        mask=torch.from_numpy(mask)[None],
        label=_label(config, row),
        measured=None if measured is None else torch.from_numpy(measured.astype(np.float32))[None],
    )


def _mask(config: TrainingConfig, row: CohortRow, partner: CohortRow, grid: sitk.Image) -> sitk.Image:
    """Return the target's mask, or else the source's, on ``grid``; all ones where the whole image counts."""
    path: Path | None = None if config.whole_image else partner.mask or row.mask
    if path is None:
        ones = sitk.Image(grid.GetSize(), sitk.sitkFloat32) + 1
        ones.CopyInformation(grid)
        return ones
    mask = sitk.Cast(sitk.Cast(read_image(path), sitk.sitkFloat32) > 0, sitk.sitkFloat32)
    mask = bring_onto(mask, grid, linear=False)
    if not sitk.GetArrayViewFromImage(mask).any():
        raise BadInputError(f"The mask {path} of {row.subject} is empty.")
    return mask


def _label(config: TrainingConfig, row: CohortRow) -> float:
    if not config.outcome:
        return float("nan")
    text = row.outcomes.get(config.outcome)
    if text is None:
        raise BadInputError(f"{config.cohort} has no column {config.outcome!r}.")
    if text not in ("0", "1", ""):
        raise BadInputError(f"{config.cohort}: {row.subject} has {config.outcome} {text!r}; a label is 0 or 1.")
    return float(text) if text else float("nan")


def fit_scale(config: TrainingConfig, cases: Sequence[Case], role: str) -> Scale:
    """Find the range of a role's normalised intensities over the training cases, and their average unit.

    The range leaves out a thousandth of the voxels at either end. The unit is 1 where nothing was normalised; otherwise
    it is the scale and offset that on average over the training files turn normalised into original intensities.
    """
    which = "source" if role == config.source else "target"
    values = torch.cat([getattr(case, which)[case.seen > 0][::3] for case in cases]).numpy()
    low, high = (float(end) for end in np.quantile(values, [_TAIL, 1 - _TAIL]))
    if not high > low:
        raise BadInputError(f"{config.cohort}: the images of role {role!r} are constant.")
    return Scale((low, high), _unit(config, role, which))


def _unit(config: TrainingConfig, role: str, which: str) -> tuple[float, float]:
    normalisation = config.source_normalisation if which == "source" else config.target_normalisation
    if normalisation == "none":
        return 1.0, 0.0
    fits = []
    for row in read_cohort(config.cohort).select(role=role, split="train"):
        prepared = prepare([clean_intensities(read_image(row.image), row.image.name)], config.preprocessing("none"))
        raw = prepared.values[0].astype(np.float64)
        seen = normalise(prepared.values[0], normalisation)
        # The fit is exact but for the brightest voxels, which "foreground" clips.
        fits.append(np.polyfit(seen.ravel()[::7], raw.ravel()[::7], 1))
    scale, offset = np.mean(fits, axis=0)
    return float(scale), float(offset)


def mapped(case: Case, source: Scale, target: Scale) -> Case:
    """Return the case with both images mapped to [-1, 1], the target clipped there."""
    return replace(
        case,
        source=map_to_unit(case.source, source.range),
        target=map_to_unit(case.target, target.range).clamp(-1, 1),
    )


def fit_moments(cases: Sequence[Case]) -> tuple[float, float]:
    """Return slope and offset of the linear map that gives the source the target's mean and spread inside the masks.

    It asks for no pairs; that bright becomes bright is an assumption. The spread is that of means over 3 x 3 x 3
    voxels, because noise and speckle of the one side have no counterpart on the other.
    """

    def means(case: Case, image: Tensor) -> Tensor:
        seen = pooled(case.seen)  # a voxel of the mask was measured, so this is not 0 there
        return (pooled(image * case.seen) / seen)[case.mask > 0]

    def pooled(image: Tensor) -> Tensor:
        return functional.avg_pool3d(image[None], 3, 1, 1, count_include_pad=False)[0]

    x = torch.cat([means(case, case.source[:1]) for case in cases]).double()
    y = torch.cat([means(case, case.target) for case in cases]).double()
    slope = float(y.std() / x.std().clamp(min=1e-6))
    return slope, float(y.mean() - slope * x.mean())


def fit_linear(cases: Sequence[Case]) -> tuple[float, float]:
    """Return slope and offset of the linear map from source to target with the least squares inside the masks."""
    x = torch.cat([case.source[:1][case.mask > 0] for case in cases]).double()
    y = torch.cat([case.target[case.mask > 0] for case in cases]).double()
    variance = ((x - x.mean()) ** 2).mean()
    slope = float(((x - x.mean()) * (y - y.mean())).mean() / variance.clamp(min=1e-12))
    return slope, float(y.mean() - slope * x.mean())
