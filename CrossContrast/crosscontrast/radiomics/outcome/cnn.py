"""A small 3-D network on the images themselves, trained anew in every fold."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crosscontrast.radiomics.outcome.folds import FitAndScore, grouped_folds
from crosscontrast.radiomics.outcome.settings import OutcomeSettings

#: Around the region, as a share of its extent on each side.
_MARGIN = 0.25
_WIDTHS = (8, 16, 32)
_BATCH = 8
_RATE = 1e-3
#: One in so many training subjects chooses the epoch.
_WATCHED = 5
_DECAY = 1e-2


def read_cubes(
    images: Sequence[Sequence[tuple[Path, Path]]],
    *,
    label: int | None,
    threshold: float | None,
    size: int,
    resample: bool = False,
) -> np.ndarray:
    """Return visits x roles x size³ (float32): the region with a margin, resampled linearly, mean 0 and SD 1.

    Each cube is scaled by its own values, so nothing is learned from other images. Raises
    :class:`crosscontrast.errors.BadInputError` for a mask that cannot be used.
    """
    chosen: dict[str, Any] = {"label": label, "threshold": threshold, "resample": resample, "size": size}
    return np.stack([[_cube(image, mask, **chosen) for image, mask in visit] for visit in images])


def cnn_scorer(
    cubes: np.ndarray, truth: np.ndarray, subjects: Sequence[str], settings: OutcomeSettings, device: str = "cpu"
) -> FitAndScore:
    """Return a function that trains a network on some rows of ``cubes`` and scores others.

    A fifth of the training subjects chooses the epoch whose network is taken. Cubes are shifted a little and get noise
    while it learns; they are never mirrored, as sides may matter. The same seed gives the same network.
    """
    names = np.asarray(subjects)

    def fit_and_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        import torch

        torch.manual_seed(settings.seed)
        learn, watch = _apart(train, truth, names, settings.seed)
        network = _network(cubes.shape[1]).to(device)
        optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
        balance = torch.tensor(float((~truth[learn]).sum() / max(1, truth[learn].sum())), device=device)
        loss_of = torch.nn.BCEWithLogitsLoss(pos_weight=balance)
        best, kept = np.inf, {name: value.clone() for name, value in network.state_dict().items()}
        random = np.random.default_rng(settings.seed)
        for _ in range(settings.epochs):
            network.train()
            order = random.permutation(learn)
            for rows in np.array_split(order, max(1, -(-len(order) // _BATCH))):
                batch = torch.from_numpy(_varied(cubes[rows], random)).to(device)
                target = torch.from_numpy(truth[rows].astype(np.float32)).to(device)
                loss = loss_of(network(batch)[:, 0], target)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            watched = -1.0
            if len(watch):
                watched = loss_of(_logits(network, cubes[watch], device), _target(truth[watch], device)).item()
            if watched < best or not len(watch):
                best, kept = watched, {name: value.clone() for name, value in network.state_dict().items()}
        network.load_state_dict(kept)
        scores: np.ndarray = torch.sigmoid(_logits(network, cubes[test], device)).cpu().numpy()
        return scores

    return fit_and_score


def _apart(train: np.ndarray, truth: np.ndarray, names: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split training rows into those to learn from and those to watch; none are watched where a class is too small."""
    fewest = min(len(set(names[train][truth[train] == kind])) for kind in (True, False))
    folds = min(_WATCHED, fewest)
    if folds < 2:
        return train, train[:0]
    learn, watch = next(iter(grouped_folds(truth[train], names[train].tolist(), folds, seed)))
    return train[learn], train[watch]


def _network(channels: int):  # type: ignore[no-untyped-def]
    from torch import nn

    layers: list[nn.Module] = []
    for before, width in zip((channels, *_WIDTHS), _WIDTHS, strict=False):
        layers += [nn.Conv3d(before, width, 3, padding=1), nn.InstanceNorm3d(width, affine=True), nn.LeakyReLU()]
        layers += [nn.MaxPool3d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(_WIDTHS[-1], 1))


def _logits(network, cubes: np.ndarray, device: str):  # type: ignore[no-untyped-def]
    import torch

    network.eval()
    with torch.no_grad():
        parts = [network(torch.from_numpy(cubes[k : k + 32]).to(device))[:, 0] for k in range(0, len(cubes), 32)]
    return torch.cat(parts)


def _target(truth: np.ndarray, device: str):  # type: ignore[no-untyped-def]
    import torch

    return torch.from_numpy(truth.astype(np.float32)).to(device)


def _varied(cubes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Shift by up to two voxels and add a little noise."""
    shifts = random.integers(-2, 3, (len(cubes), 3))
    moved = np.stack([np.roll(c, s, (1, 2, 3)) for c, s in zip(cubes, shifts.tolist(), strict=True)])
    varied: np.ndarray = moved + random.normal(0, 0.1, moved.shape).astype(np.float32)
    return varied


def _cube(
    image_path: Path, mask_path: Path, *, label: int | None, threshold: float | None, resample: bool, size: int
) -> np.ndarray:
    import SimpleITK as sitk

    from crosscontrast.errors import BadInputError
    from crosscontrast.ground.images import read_image
    from crosscontrast.radiomics.extraction.region import aligned, prepare, region_of

    image, mask = read_image(image_path), read_image(mask_path)
    try:
        mask = aligned(mask, image, resample=resample, soft=threshold is not None)
        image, chosen, _ = prepare(image, mask, region_of(mask, label=label, threshold=threshold))
    except BadInputError as error:
        raise BadInputError(f"{image_path.name} with {mask_path.name}: {error.message}", error.hint) from error
    found = sitk.LabelShapeStatisticsImageFilter()
    found.Execute(chosen)
    box = found.GetBoundingBox(1)
    first, extent = np.array(box[:3], float), np.array(box[3:], float)
    low = first - 0.5 - _MARGIN * extent
    step = extent * (1 + 2 * _MARGIN) / size
    grid = sitk.Image([size] * 3, sitk.sitkUInt8)
    grid.SetSpacing((step * image.GetSpacing()).tolist())
    grid.SetDirection(image.GetDirection())
    grid.SetOrigin(image.TransformContinuousIndexToPhysicalPoint((low + step / 2).tolist()))
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(grid)
    resampler.SetUseNearestNeighborExtrapolator(True)
    values = sitk.GetArrayFromImage(resampler.Execute(image))
    cube: np.ndarray = ((values - values.mean()) / max(values.std(), 1e-12)).astype(np.float32)
    return cube
