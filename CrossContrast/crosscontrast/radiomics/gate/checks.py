"""The checks that a gate is made of."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict

from crosscontrast.errors import BadInputError
from crosscontrast.ground.placement import put_onto
from crosscontrast.metrics.segmentation import soft_dice
from crosscontrast.radiomics.gate.descriptor import describe
from crosscontrast.radiomics.gate.profile import Range, TrainingProfile, ends_of, geometry_of
from crosscontrast.radiomics.gate.verdict import Check, Limit


class GateLimits(BaseModel):
    """The limits of all checks, in one place.

    ``geometry``: how many times an image's voxels or extent lie beyond those of training. ``intensity``: how far its
    1 % and 99 % quantiles do, in widths of the training range. ``distance``: how many times the distance of the
    descriptor is the 95th percentile of the training images' own. ``spread``: standard deviation over an ensemble's
    images or over repeated answers, relative to their range in the region. ``agreement``: Dice of the segmentations of
    input and translated image. ``features``: share of the features trusted that lie where those of real images do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    geometry: Limit = Limit(caution=1.25, stop=2.0)
    intensity: Limit = Limit(caution=0.25, stop=1.0)
    distance: Limit = Limit(caution=1.0, stop=2.0)
    spread: Limit = Limit(caution=0.05, stop=0.15)
    agreement: Limit = Limit(caution=0.85, stop=0.7, above=False)
    features: Limit = Limit(caution=0.9, stop=0.7, above=False)


def input_checks(image: sitk.Image, name: str, profile: TrainingProfile, limits: GateLimits) -> list[Check]:
    """Compare an input image with the training images: geometry, intensities, descriptor."""
    spacing, extent = geometry_of(image)
    checks = [
        _geometry("voxel size", spacing, profile.spacings, limits.geometry),
        _geometry("field of view", extent, profile.extents, limits.geometry),
    ]
    checks.append(_intensities("intensity range", "values", image, profile, limits))
    usual = float(np.percentile(profile.distances, 95))
    ratio = profile.distance(describe(image, name)) / usual
    text = f"the image's appearance is {ratio:.2g} times as far from the {profile.images} training images as theirs"
    checks.append(Check.of("distance from training", ratio, limits.distance, text))
    return checks


def output_check(translated: sitk.Image, profile: TrainingProfile, limits: GateLimits) -> Check:
    """Compare a translated image's values with those of the real images that its model was trained to make.

    Not its appearance: every translation is smoother than a real image, the good ones too.
    """
    return _intensities("translated intensities", "translated values", translated, profile, limits)


def spread_check(images: Sequence[sitk.Image], region: sitk.Image | None, limits: GateLimits) -> Check:
    """Measure how much the images that an ensemble made of one input differ in the region (none: everywhere)."""
    placed = [there for there in (put_onto(image, images[0]) for image in images) if there is not None]
    if len(images) < 2 or len(placed) < len(images):
        raise BadInputError("The spread of an ensemble needs two or more images on the same grid.")
    stack = np.stack([sitk.GetArrayFromImage(image).astype(float) for image in placed])
    inside = np.ones(stack.shape[1:], bool) if region is None else _region(region, images[0])
    return _spread(stack.std(0, ddof=1)[inside], stack.mean(0)[inside], f"{len(images)} images of the ensemble", limits)


def spread_map_check(
    spread: sitk.Image, translated: sitk.Image, region: sitk.Image | None, limits: GateLimits
) -> Check:
    """Judge the map of standard deviations that came with a translated image (none as region: everywhere)."""
    placed = put_onto(spread, translated)
    if placed is None:
        raise BadInputError("The map of the spread does not lie on the translated image's grid.")
    values = sitk.GetArrayFromImage(translated).astype(float)
    inside = np.ones(values.shape, bool) if region is None else _region(region, translated)
    return _spread(sitk.GetArrayFromImage(placed)[inside], values[inside], "answers", limits)


def agreement_check(of_input: sitk.Image, of_translated: sitk.Image, limits: GateLimits) -> Check:
    """Compare the segmentations (0 to 1) of the input and of the translated image: anatomy must not move."""
    placed = put_onto(of_translated, of_input)
    if placed is None:
        raise BadInputError("The segmentations of input and translated image lie on different grids.")
    value = soft_dice(*(sitk.GetArrayFromImage(part) for part in (of_input, placed)))
    if not np.isfinite(value):
        text = "neither image has anything segmented"
    else:
        text = f"the segmentations of input and translated image agree to a Dice of {value:.2f}"
    return Check.of("segmentation agreement", value, limits.agreement, text)


def _spread(deviations: np.ndarray, mean: np.ndarray, what: str, limits: GateLimits) -> Check:
    low, high = np.quantile(mean, [0.01, 0.99])
    relative = float(deviations.mean() / (high - low)) if high > low else float("nan")
    text = f"the {what} differ by {relative:.2g} of their range in the region"
    if not high > low:
        text = "the translated image is constant in the region"
    return Check.of("ensemble spread", relative, limits.spread, text)


def _intensities(name: str, what: str, image: sitk.Image, profile: TrainingProfile, limits: GateLimits) -> Check:
    width = max(profile.brightest.high - profile.darkest.low, 1e-12)
    low, high = ends_of(image)
    beyond = max(_beyond(low, profile.darkest), _beyond(high, profile.brightest)) / width
    text = f"{what} from {low:g} to {high:g} lie {beyond:.2g} training ranges beyond those of training"
    if beyond == 0:
        text = f"the {what} lie in the range of training"
    return Check.of(name, beyond, limits.intensity, text)


def _geometry(what: str, values: Sequence[float], ranges: Sequence[Range], limit: Limit) -> Check:
    times = [max(v / r.high, r.low / v, 1.0) for v, r in zip(values, ranges, strict=True)]
    worst = int(np.argmax(times))
    allowed = f"{ranges[worst].low:.3g} to {ranges[worst].high:.3g} mm in training"
    text = f"a {what} of {values[worst]:.3g} mm is {times[worst]:.2g} times beyond {allowed}"
    if times[worst] == 1:
        text = f"the {what} is one of training"
    return Check.of(what, times[worst], limit, text)


def _beyond(value: float, allowed: Range) -> float:
    return max(allowed.low - value, value - allowed.high, 0.0)


def _region(region: sitk.Image, image: sitk.Image) -> np.ndarray:
    placed = put_onto(region, image, "The mask")
    if placed is None:
        raise BadInputError("The mask does not lie on the grid of the translated images.")
    inside: np.ndarray = sitk.GetArrayFromImage(placed) > 0
    if not inside.any():
        raise BadInputError("The mask is empty.")
    return inside
