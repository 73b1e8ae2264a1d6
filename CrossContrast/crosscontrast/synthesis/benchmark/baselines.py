"""What a translator must beat: methods that learn nothing, or a line."""

from collections.abc import Callable, Sequence

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.ground.images import image_like
from crosscontrast.synthesis.benchmark.results import Subject

#: From source, target and mask of a test case to what the baseline answers.
Baseline = Callable[[sitk.Image, sitk.Image, sitk.Image], sitk.Image]


def baselines(train: Sequence[Subject]) -> dict[str, Baseline]:
    """Return the baselines by name, fitted on the training subjects where these were measured.

    ``input copied`` is the source as it is. ``subject mean`` is the mean of the subject's own target in the mask, which
    no translator may know. ``linear map`` is the line from source to target with the least squares over all training
    masks, in the files' own units. ``unpaired map`` is the line that gives local means of the source (3 x 3 x 3 voxels)
    the mean and the spread of the target's over all training masks: about what translators without pairs begin at.
    """
    slope, offset = linear_fit(train)

    def copied(source: sitk.Image, _target: sitk.Image, _mask: sitk.Image) -> sitk.Image:
        return sitk.Cast(source, sitk.sitkFloat32)

    def mean(_source: sitk.Image, target: sitk.Image, mask: sitk.Image) -> sitk.Image:
        values = sitk.GetArrayFromImage(target)
        level = values[sitk.GetArrayViewFromImage(mask) > 0].mean()
        return image_like(np.full(values.shape, level, np.float32), target)

    def linear(source: sitk.Image, _target: sitk.Image, _mask: sitk.Image) -> sitk.Image:
        return sitk.Cast(source, sitk.sitkFloat32) * slope + offset

    unpaired = moments_fit(train)

    def matched(source: sitk.Image, _target: sitk.Image, _mask: sitk.Image) -> sitk.Image:
        return image_like(np.float32(unpaired[0]) * _means(source, None) + np.float32(unpaired[1]), source)

    return {"input copied": copied, "subject mean": mean, "linear map": linear, "unpaired map": matched}


def moments_fit(train: Sequence[Subject]) -> tuple[float, float]:
    """Return slope and offset that match mean and spread of local means over the voxels of all masks."""
    inside = [sitk.GetArrayViewFromImage(subject.mask) > 0 for subject in train]
    x = np.concatenate([_means(s.source, s.measured)[i] for s, i in zip(train, inside, strict=True)])
    y = np.concatenate([_means(s.target, s.measured)[i] for s, i in zip(train, inside, strict=True)])
    slope = y.std() / max(x.std(), 1e-9)
    return float(slope), float(y.mean() - slope * x.mean())


def _means(image: sitk.Image, measured: sitk.Image | None) -> np.ndarray:
    """Return the means of what was measured among 3 x 3 x 3 voxels."""
    values = sitk.GetArrayFromImage(image).astype(np.float32)
    if measured is None:
        return ndimage.uniform_filter(values, 3, mode="nearest")
    part = sitk.GetArrayFromImage(measured).astype(np.float32)
    shares = ndimage.uniform_filter(part, 3, mode="nearest")
    return ndimage.uniform_filter(values * part, 3, mode="nearest") / np.maximum(shares, 1 / 54)


def linear_fit(train: Sequence[Subject]) -> tuple[float, float]:
    """Return slope and offset of the least squares over the voxels of all masks."""
    x, y = [], []
    for subject in train:
        inside = sitk.GetArrayViewFromImage(subject.mask) > 0
        x.append(sitk.GetArrayFromImage(subject.source)[inside].astype(np.float64))
        y.append(sitk.GetArrayFromImage(subject.target)[inside].astype(np.float64))
    slope, offset = np.polyfit(np.concatenate(x), np.concatenate(y), 1)
    return float(slope), float(offset)
