"""From the cohort table to what a segmentation learns from."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
import torch

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, CohortRow, read_cohort
from crosscontrast.ground.geometry import reorient, resample_onto, resample_to_spacing
from crosscontrast.ground.images import clean_intensities, read_image
from crosscontrast.ground.placement import put_onto
from crosscontrast.inference.preprocess import normalise_channels, prepare
from crosscontrast.models.find import find_model
from crosscontrast.models.library import ModelEntry
from crosscontrast.synthesis.segmentation.config import SegmentationConfig
from crosscontrast.synthesis.training.cases import Case


def read_segmentation_cases(config: SegmentationConfig, split: str | None) -> list[Case]:
    """Read a split (``None``: all): ``source`` the normalised channels, ``target`` one-hot, ``mask`` the known labels.

    Raises :class:`BadInputError` for missing rows, labels on other grids, and classes that no training label has.
    """
    cohort = read_cohort(config.cohort)
    cases = [_read(config, cohort, row, labels) for row, labels in cohort.pairs(config.inputs[0], config.labels, split)]
    if split == "train":
        if not cases:
            raise BadInputError(f"{config.cohort} has no labelled {config.inputs[0]!r} in the split 'train'.")
        found = torch.stack([case.target.flatten(1).sum(1) for case in cases]).sum(0)
        for name, count in zip(config.outputs, found.tolist(), strict=True):
            if not count and name != "background":
                raise BadInputError(f"{config.cohort}: no training label map has the class {name!r}.")
    return cases


def frequencies(cases: list[Case]) -> torch.Tensor:
    """Return the share of each class among the labelled voxels."""
    counts = torch.stack([(case.target * case.mask).flatten(1).sum(1) for case in cases]).sum(0)
    return counts / counts.sum()


def channels_of(config: SegmentationConfig, cohort: Cohort, row: CohortRow) -> list[sitk.Image]:
    """Return the images of a subject's channels: its inputs, and what the translators make of the first."""
    images = []
    for role in config.inputs:
        rows = [r for r in cohort.select(role=role) if (r.subject, r.session) == (row.subject, row.session)]
        if not rows:
            raise BadInputError(f"{config.cohort}: {row.subject} has no image of role {role!r}.")
        images.append(clean_intensities(read_image(rows[0].image), rows[0].image.name))
    translators = [find_model(model, "translation") for model in config.translators]
    return [*images, *synthetic_channels(images[0], translators)]


def synthetic_channels(image: sitk.Image, translators: Sequence[ModelEntry]) -> list[sitk.Image]:
    """Return what each translator makes of an image; the first output of each, on the image's grid."""
    if not translators:
        return []
    from crosscontrast.ground.device import choose_device
    from crosscontrast.synthesis.predict import open_predictor

    made = []
    for model in translators:
        predictor = open_predictor(model, choose_device("auto"), "model")
        made.append(predictor.predict([image])[predictor.outputs[0]])
    return made


def _read(config: SegmentationConfig, cohort: Cohort, row: CohortRow, labels: CohortRow) -> Case:
    images = channels_of(config, cohort, row)
    given = read_image(labels.image)
    label_map = put_onto(given, images[0], labels.image.name)
    if label_map is None and not config.resample:
        raise BadInputError(
            f"{config.cohort}: {labels.image.name} does not lie on the grid of {row.image.name}.",
            "resample it, or let it be resampled (--resample)",
        )
    if label_map is None:
        label_map = resample_onto(given, images[0], linear=False)
    prepared = prepare(images, config.preprocessing)
    target = one_hot(config, _onto(config, label_map))
    known = torch.zeros_like(target[:1])
    known[:, :: config.labelled_every] = 1
    values = normalise_channels(prepared.values, config.normalisation)
    return Case(row.subject, torch.from_numpy(values), target, known)


def _onto(config: SegmentationConfig, label_map: sitk.Image) -> np.ndarray:
    """Return the label map on the grid that the network sees, by nearest neighbour."""
    turned = reorient(label_map, config.orientation)
    if config.spacing is not None:
        grid = resample_to_spacing(sitk.Cast(turned, sitk.sitkFloat32), config.spacing)
        turned = resample_onto(turned, grid, linear=False)
    return sitk.GetArrayFromImage(turned)


def one_hot(config: SegmentationConfig, labels: np.ndarray) -> torch.Tensor:
    """Return (K, k, j, i): background and the classes of a label map (k, j, i)."""
    groups = [np.isin(labels, values) for values in config.classes.values()]
    background = ~np.any(groups, axis=0)
    return torch.from_numpy(np.stack([background, *groups]).astype(np.float32))
